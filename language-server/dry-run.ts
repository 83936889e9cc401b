/** A script of an event on registers that are made up: what it prints, what it changes, how it ends. No target is touched. */

import { compileScript } from '../script-engine/compiler/compile';
import { GlobalTable } from '../script-engine/compiler/global-table';
import { UserModeMachine } from '../script-engine/conformance/user-mode-machine';
import { runScript } from '../script-engine/evaluator/interpreter';
import { prepareScript } from '../script-engine/evaluator/prepare';
import { ScriptSession } from '../script-engine/evaluator/session';
import { commandInLine } from './command-in-line';
import type { ScriptDocument } from './open-documents';
import { placedScripts } from './script-trees';

export type DryRun =
  | {
      readonly kind: 'done';
      readonly output: string;
      /** General registers that the script changed, in hexadecimal. */
      readonly registers: Readonly<Record<string, string>>;
      readonly operations: number;
      /** How it was stopped, and in which line of the document, from 0. */
      readonly error?: { readonly text: string; readonly line: number };
    }
  | { readonly kind: 'refused'; readonly message: string };

/** Runs the script of the event that stands in a line; it ends at the language's limit of instructions at the latest. */
export function dryRun(
  document: ScriptDocument,
  line: number,
  registers: ReadonlyMap<string, bigint>,
): DryRun {
  const index = commandInLine(document, line)?.index;
  const script = placedScripts(document).find(({ command }) => command === index);
  if (script === undefined)
    return refused('There is no script in this line; put it into a `script { }` block.');
  const { body, before, after } = script.text;
  const { script: compiled, diagnostics } = compileScript(before + body.text + after, {
    globals: new GlobalTable(),
    symbols: { resolve: () => undefined },
  });
  if (compiled === undefined) {
    const reason =
      diagnostics.find(({ severity }) => severity === 'error')?.message ?? 'it reads other files';
    return refused(`The script cannot run: ${reason}`);
  }
  const machine = new UserModeMachine(registers);
  const outcome = runScript(
    prepareScript(compiled.bytes, compiled.symbolCount),
    machine,
    new ScriptSession(),
  );
  const changed = [...machine.changedRegisters()].map(([name, value]) => [name, value.toString(16)] as const);
  const ran = {
    kind: 'done',
    output: machine.output,
    registers: Object.fromEntries(changed),
    operations: outcome.instructions,
  } as const;
  if (outcome.error === undefined) return ran;
  const { text, slot, detail } = outcome.error;
  const at = Math.max(0, (compiled.sourceOffsets[slot] ?? 0) - before.length);
  const span = script.inFile({ start: before.length + at, end: before.length + at });
  const errorLine = span === undefined ? line : document.text.positionAt(span.start).line;
  return { ...ran, error: { text: detail === undefined ? text : `${text}: ${detail}`, line: errorLine } };
}

function refused(message: string): DryRun {
  return { kind: 'refused', message };
}
