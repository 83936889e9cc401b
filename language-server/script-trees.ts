/** The trees of a command's scripts; read once for as long as the command stays as it is, wherever it moves to. */

import type { CommandText } from '../script-engine/command-file/checked-command';
import { movedSpan } from '../script-engine/command-file/moved';
import { parseScript } from '../script-engine/syntax/parser';
import type { Span } from '../script-engine/syntax/span';
import type { SyntaxTree } from '../script-engine/syntax/tree';
import type { ScriptDocument } from './open-documents';
import { type ScriptText, scriptTextsOf } from './script-texts';

export interface ScriptTree {
  readonly text: ScriptText;
  readonly tree: SyntaxTree;
}

/** A script at its place in a document. */
export interface PlacedScript extends ScriptTree {
  /** Which command of the document it belongs to. */
  readonly command: number;
  /** Of a span of the tree, in the document; undefined for what an argument's value or nothing of the file stands in. */
  inFile(span: Span): Span | undefined;
}

const known = new WeakMap<CommandText, readonly ScriptTree[]>();

/** With positions where the command was read. */
export function scriptTreesOf(text: CommandText): readonly ScriptTree[] {
  if (text.command === undefined) return [];
  const before = known.get(text);
  if (before !== undefined) return before;
  const trees = scriptTextsOf(text.command).map((script) => ({
    text: script,
    tree: parseScript(script.before + script.body.text + script.after),
  }));
  known.set(text, trees);
  return trees;
}

/** All scripts of a document, in its order; those that end before `from` or begin behind `to` may be left out. */
export function placedScripts({ checked }: ScriptDocument, from = 0, to = Infinity): PlacedScript[] {
  return checked.placedCommands.flatMap(({ text, start }, command) => {
    if (start > to || start + text.length < from) return [];
    const distance = start - text.readAt;
    return scriptTreesOf(text).map(({ text: script, tree }) => ({
      text: script,
      tree,
      command,
      inFile: (span: Span) => {
        const found = spanInFile(script, span);
        return found && movedSpan(found, distance);
      },
    }));
  });
}

/** undefined for what an argument's value stands in: it is not in the file. */
export function spanInFile({ body, before }: ScriptText, { start, end }: Span): Span | undefined {
  const from = start - before.length;
  const to = end - before.length;
  if (from < 0 || to > body.text.length) return undefined;
  const span = body.span(from, to);
  // A name is there letter by letter; a function may have an argument inside.
  return to - from === span.end - span.start || !body.isReplaced(from, to) ? span : undefined;
}
