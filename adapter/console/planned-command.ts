/** Commands that script-engine plans: events, `?`, `print` and `events e|d|c`. */

import { loadAssembler } from '../../script-engine/asm/assembler';
import { draftCommand } from '../../script-engine/command-file/command-draft';
import type { CommandPlan } from '../../script-engine/command-file/event-plan';
import { planCommand } from '../../script-engine/command-file/plan';
import { Report } from '../../script-engine/command-file/report';
import { GlobalTable } from '../../script-engine/compiler/global-table';
import type { Diagnostic } from '../../script-engine/diagnostic';
import type { CommandContext, CommandLine, ConsoleIo } from './command-context';
import { CommandError } from './command-error';

/** The plan was not made, and why has been said. */
export class PlanError extends CommandError {
  constructor(
    message: string,
    readonly diagnostics: readonly Diagnostic[],
  ) {
    super(message);
  }
}

/** Plans a command as the original's client would send it. Rejects with PlanError; warnings are said. */
export async function planOf({ command, text }: CommandLine, context: CommandContext): Promise<CommandPlan> {
  const { client, symbols, globals, readFile, target } = context;
  const { plan, diagnostics } = await planCommand(command, {
    text,
    symbols,
    globals,
    readFile,
    mode: target.mode,
    asOriginal: true,
    assembler: loadAssembler,
    evaluate: async ({ bytes, symbolCount }) => (await client.runScript(bytes, symbolCount, true)).value,
  });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (plan === undefined)
    throw new PlanError(errors.map((error) => placed(error, text)).join('\n'), diagnostics);
  for (const warning of diagnostics.filter(({ severity }) => severity === 'warning'))
    context.io.say(placed(warning, text));
  return plan;
}

/** Why a command does not exist, and which one was meant. */
export function unknownCommand({ command }: CommandLine): string {
  const report = new Report();
  draftCommand(command, {
    report,
    globals: new GlobalTable(),
    symbols: undefined,
    readFile: undefined,
    mode: undefined,
    targetValues: new Map(),
    targetExpressions: new Map(),
  });
  return report.diagnostics.map(({ message }) => message).join('\n');
}

/** Errors in the form of a command, before it is known what it is. */
export function sayDiagnostics(diagnostics: readonly Diagnostic[], text: string, io: ConsoleIo): void {
  for (const diagnostic of diagnostics) io.say(placed(diagnostic, text));
}

/** With its place, where there is more than one line to look for it. */
function placed({ message, span }: Diagnostic, text: string): string {
  const before = text.slice(0, span.start).split('\n');
  if (!text.trimEnd().includes('\n')) return `column ${span.start + 1}: ${message}`;
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${message}`;
}
