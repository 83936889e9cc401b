/** Commands to plans that can be armed (driver-protocol 5, 9). */

import type { Assembler } from '../asm/assembler';
import type { CompileMode } from '../compiler/compile';
import type { CompiledScript, SymbolResolver } from '../compiler/compiled-script';
import type { GlobalTable } from '../compiler/global-table';
import type { Diagnostic } from '../diagnostic';
import { assemblyFailure, SYMBOL_IN_ASSEMBLY } from './assembly-fault';
import type { CodeDraft } from './code-blocks';
import type { CodeBlock, Command } from './command-file';
import { draftCommand, type CommandDraft } from './command-draft';
import type { EventDraft } from './event-draft';
import type { CommandPlan, EventPlan, PlannedAction } from './event-plan';
import { Report } from './report';

export interface PlanContext {
  /** The command file. */
  readonly text: string;
  readonly symbols: SymbolResolver;
  readonly globals: GlobalTable;
  /** Called at the first `asm` block. */
  readonly assembler: () => Promise<Assembler>;
  /** Text of a file that a script block or an `#include` names. */
  readonly readFile?: (path: string) => string | undefined;
  readonly mode?: CompileMode;
  /** Value of an expression in a halted target; without it only numbers and symbols can stand for addresses. */
  readonly evaluate?: (script: CompiledScript) => Promise<bigint | undefined>;
  /** See DraftEnvironment. */
  readonly asOriginal?: boolean;
}

export interface PlanResult {
  /** undefined when there are errors. */
  readonly plan: CommandPlan | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Plans one command of a file. Mistakes of the author are diagnostics; it rejects only when the assembler cannot be loaded. */
export async function planCommand(command: Command, context: PlanContext): Promise<PlanResult> {
  const { report, draft } = await draftWithTarget(command, context);
  if (draft === undefined || report.hasErrors) return { plan: undefined, diagnostics: report.diagnostics };
  if (draft.kind === 'done') return { plan: draft.plan, diagnostics: report.diagnostics };
  const event = await finishEvent(draft.draft, context, report);
  return { plan: event && { kind: 'event', event }, diagnostics: report.diagnostics };
}

interface Drafted {
  readonly report: Report;
  readonly draft: CommandDraft | undefined;
}

async function draftWithTarget(command: Command, context: PlanContext): Promise<Drafted> {
  const targetExpressions = new Map<string, CompiledScript>();
  const draftOnce = (targetValues: ReadonlyMap<string, bigint>): Drafted => {
    const report = new Report();
    const { symbols, globals, readFile, mode } = context;
    const asOriginal = context.asOriginal ?? false;
    const environment = {
      report,
      symbols,
      globals,
      readFile,
      mode,
      targetValues,
      asOriginal,
      targetExpressions,
    };
    return { report, draft: draftCommand(command, environment) };
  };
  const first = draftOnce(new Map());
  const { evaluate } = context;
  if (targetExpressions.size === 0 || evaluate === undefined) return first;
  const values = new Map<string, bigint>();
  for (const [text, script] of targetExpressions) {
    const value = await evaluate(script);
    if (value !== undefined) values.set(text, value);
  }
  return draftOnce(values);
}

async function finishEvent(
  draft: EventDraft,
  context: PlanContext,
  report: Report,
): Promise<EventPlan | undefined> {
  const condition = draft.condition && (await finishCode(draft.condition, context, report));
  const code = draft.code && (await finishCode(draft.code.draft, context, report));
  if (report.hasErrors) return undefined;
  const { bufferSizeBytes } = draft;
  const actions: PlannedAction[] = [];
  if (draft.code !== undefined && code !== undefined) {
    actions.push({ kind: 'code', span: draft.code.block.codeSpan, bytes: code, bufferSizeBytes });
  }
  if (draft.script !== undefined) {
    actions.push({ kind: 'script', span: draft.script.span, script: draft.script.script, bufferSizeBytes });
  }
  // An event without script and code stops (commands.json, eventOptionRules).
  if (actions.length === 0) actions.push({ kind: 'break', span: draft.event.span });
  return { ...draft.event, condition, actions };
}

async function finishCode(
  draft: CodeDraft,
  context: PlanContext,
  report: Report,
): Promise<Uint8Array | undefined> {
  if (draft.kind === 'bytes') return draft.bytes;
  const { block } = draft;
  const text = withAddresses(block, context, report);
  if (text === undefined) return undefined;
  const assembler = await context.assembler();
  const result = assembler.assemble(`${text}\n; ret`, 0n);
  if (result.ok) return result.bytes;
  const { code, message, span } = assemblyFailure(block, result);
  return report.error(code, message, span);
}

/** Symbols in angle brackets as addresses: `mov rax, <main!table>`. */
function withAddresses(block: CodeBlock, context: PlanContext, report: Report): string | undefined {
  let isKnown = true;
  const text = block.body.text.replace(SYMBOL_IN_ASSEMBLY, (whole, name: string, offset: number) => {
    const address = context.symbols.resolve(name);
    if (address !== undefined) return `0x${address.toString(16)}`;
    report.error(
      'unknown-symbol',
      `No symbol is named \`${name}\`.`,
      block.body.span(offset, offset + whole.length),
    );
    isKnown = false;
    return whole;
  });
  return isKnown ? text : undefined;
}
