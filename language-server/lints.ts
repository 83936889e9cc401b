/** What is no mistake and still worth a word in an editor; found once for as long as a command stays as it is. */

import type { CommandText } from '../script-engine/command-file/checked-command';
import { movedDiagnostic } from '../script-engine/command-file/moved';
import type { Diagnostic } from '../script-engine/diagnostic';
import { checkFlow } from '../script-engine/semantics/flow-checks';
import { namesOf } from './names/command-names';
import type { NameUse } from './names/name-use';
import type { ScriptDocument } from './open-documents';
import { scriptTreesOf, spanInFile } from './script-trees';

const known = new WeakMap<CommandText, readonly Diagnostic[]>();

/** Of all commands of a document that have no mistakes. */
export function findLints({ checked }: ScriptDocument): Diagnostic[] {
  return checked.placedCommands.flatMap(({ text, start }) =>
    lintsOf(text).map((diagnostic) => movedDiagnostic(diagnostic, start - text.readAt)),
  );
}

function lintsOf(text: CommandText): readonly Diagnostic[] {
  const before = known.get(text);
  if (before !== undefined) return before;
  const trees = scriptTreesOf(text);
  const isSound = trees.length > 0 && trees.every(({ tree }) => tree.diagnostics.length === 0);
  const found = isSound ? [...flowOf(text), ...unusedIn(namesOf(text).uses)] : [];
  known.set(text, found);
  return found;
}

function flowOf(text: CommandText): Diagnostic[] {
  return scriptTreesOf(text).flatMap(({ text: script, tree }) =>
    checkFlow(tree).flatMap((diagnostic) => {
      const { fix, ...plain } = diagnostic;
      const span = spanInFile(script, diagnostic.span);
      const fixSpan = fix && spanInFile(script, fix.span);
      if (span === undefined) return [];
      return [{ ...plain, span, ...(fix && fixSpan && { fix: { ...fix, span: fixSpan } }) }];
    }),
  );
}

/** Locals that get a value which nobody reads; they end with the script (script-language 11). */
function unusedIn(uses: readonly NameUse[]): Diagnostic[] {
  const groups = new Map<string, NameUse[]>();
  for (const use of uses) {
    if (use.kind !== 'local') continue;
    const key = `${use.script} ${use.owner} ${use.name}`;
    groups.set(key, [...(groups.get(key) ?? []), use]);
  }
  return [...groups.values()].flatMap((places) => {
    const [first] = places;
    if (first === undefined || places.some(({ role }) => role === 'read')) return [];
    const message =
      `\`${first.name}\` gets a value that nothing reads, and it ends with the script. Remove it, ` +
      `or write \`.${first.name}\` for a variable that other scripts and later hits can read.`;
    return [{ code: 'unused-variable', severity: 'hint', message, span: first.span } as const];
  });
}
