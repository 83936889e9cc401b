/** Names of one command; read once for as long as the command stays as it is, wherever it moves to. */

import type { CommandText } from '../../script-engine/command-file/checked-command';
import type { Command } from '../../script-engine/command-file/command-file';
import { type OutputName, outputUseOf } from '../../script-engine/command-file/outputs';
import { parseScript } from '../../script-engine/syntax/parser';
import type { Span } from '../../script-engine/syntax/span';
import { type ScriptText, scriptTextsOf } from '../script-texts';
import type { CommandNames, NameRole, NameUse, ScopeExtent } from './name-use';
import { namesOfTree } from './script-names';

const known = new WeakMap<CommandText, CommandNames>();

const none: CommandNames = { uses: [], scopes: [] };

/** With positions where the command was read. */
export function namesOf(text: CommandText): CommandNames {
  if (text.command === undefined) return none;
  const before = known.get(text);
  if (before !== undefined) return before;
  const names = readNames(text.command);
  known.set(text, names);
  return names;
}

function readNames(command: Command): CommandNames {
  const uses: NameUse[] = [];
  const scopes: ScopeExtent[] = [];
  scriptTextsOf(command).forEach((text, script) => {
    const names = namesOfTree(parseScript(text.before + text.body.text + text.after), script);
    for (const use of names.uses) {
      const span = spanInFile(text, use.span);
      if (span === undefined) continue;
      const extent = use.extent && spanInFile(text, use.extent);
      uses.push({ ...use, span, ...(extent === undefined ? {} : { extent }) });
    }
    for (const { name, span } of names.scopes) {
      const inFile = spanInFile(text, span);
      if (inFile !== undefined) scopes.push({ script, name, span: inFile });
    }
  });
  return { uses: [...uses, ...outputNames(command)], scopes };
}

/** undefined for what an argument's value stands in: it is not in the file. */
function spanInFile({ body, before }: ScriptText, { start, end }: Span): Span | undefined {
  const from = start - before.length;
  const to = end - before.length;
  if (from < 0 || to > body.text.length) return undefined;
  const span = body.span(from, to);
  // A name is there letter by letter; a function may have an argument inside.
  return to - from === span.end - span.start || !body.isReplaced(from, to) ? span : undefined;
}

function outputNames(command: Command): NameUse[] {
  const outputs = outputUseOf(command);
  if (outputs === undefined) return [];
  const useOf = ({ name, span }: OutputName, role: NameRole): NameUse => ({
    kind: 'output',
    name,
    owner: '',
    script: 0,
    role,
    span,
    ...(role === 'declaration' ? { detail: `output ${name}` } : {}),
  });
  return [
    ...(outputs.created === undefined ? [] : [useOf(outputs.created, 'declaration')]),
    ...outputs.named.map((name) => useOf(name, 'read')),
  ];
}
