import type { Command as Program } from 'commander';
import { commandByName } from '../../../script-engine/catalog/commands';
import { type Command, readCommandFile } from '../../../script-engine/command-file/command-file';
import { draftScript } from '../../../script-engine/command-file/code-blocks';
import { draftCommand } from '../../../script-engine/command-file/command-draft';
import type { DraftEnvironment } from '../../../script-engine/command-file/draft-environment';
import { Report } from '../../../script-engine/command-file/report';
import type { CompiledScript } from '../../../script-engine/compiler/compiled-script';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import type { Diagnostic } from '../../../script-engine/diagnostic';
import type { Span } from '../../../script-engine/syntax/span';
import { scriptFile } from '../../arming/script-file';
import { EXIT } from '../cli-error';
import { printJson, printLine } from '../console-io';
import { hasErrors, sayDiagnostics } from '../diagnostic-report';
import { readBeside, readTextFile } from '../input-file';
import { choiceValue, collected, symbolValue } from '../option-values';

type Mode = 'exact' | 'safe';

interface CompileCommandOptions {
  readonly json?: true;
  readonly mode: Mode;
  readonly arg?: string[];
  readonly sym?: Map<string, bigint>;
}

/** A symbol buffer as `--json` prints it (cli.md). */
interface BufferJson {
  readonly command: string;
  /** Of the command, from 1. */
  readonly line: number;
  /** `script` of an event, or `evaluate` for a `?` command. */
  readonly kind: 'script' | 'evaluate';
  /** Slots that are used. */
  readonly pointer: number;
  readonly sizeBytes: number;
  readonly hex: string;
}

/** `hds compile`: the symbol buffers that a file's scripts become (cli.md). */
export function addCompileCommand(program: Program): void {
  program
    .command('compile')
    .description('show the symbol buffers that the scripts of a file become')
    .argument('<file>', 'HyperDbg script (.hds)')
    .option('--json', 'print the buffers as JSON')
    .option(
      '--mode <mode>',
      'exact: the bytes of HyperDbg; safe: refuse what it compiles to nonsense',
      choiceValue('exact', 'safe'),
      'exact',
    )
    .option('--arg <value>', 'value of $arg1, $arg2 … in this order; may be repeated', collected)
    .option('--sym <name=hex>', 'address of a symbol; may be repeated', symbolValue)
    .action((file: string, options: CompileCommandOptions) => {
      process.exitCode = compile(file, options);
    });
}

function compile(path: string, options: CompileCommandOptions): number {
  const text = readTextFile(path);
  const { commands, diagnostics } = readCommandFile(text, options.arg ?? [], path);
  const problems: Diagnostic[] = [...diagnostics];
  const buffers: BufferJson[] = [];
  const file = scriptFile(path, text);
  const globals = new GlobalTable();
  for (const command of commands) {
    // What stands in the place of a missing argument must not look like a result.
    if (hasErrors(diagnostics.filter(({ span }) => isWithin(span, command.span)))) continue;
    const report = new Report();
    const environment = draftEnvironment(path, report, globals, options);
    const { line } = file.positionAt(command.span.start);
    for (const { kind, script } of compiledScripts(command, environment)) {
      buffers.push({ command: command.name, line, kind, ...bufferJson(script) });
    }
    problems.push(...report.diagnostics);
  }
  sayDiagnostics(path, text, problems);
  if (options.json === true) printJson(buffers);
  else for (const buffer of buffers) printBuffer(buffer);
  return hasErrors(problems) ? EXIT.failed : EXIT.done;
}

function isWithin(inner: Span, outer: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function draftEnvironment(
  path: string,
  report: Report,
  globals: GlobalTable,
  options: CompileCommandOptions,
): DraftEnvironment {
  const known = options.sym ?? new Map<string, bigint>();
  return {
    report,
    globals,
    symbols: { resolve: (name) => known.get(name) },
    readFile: (name) => readBeside(path, name),
    mode: options.mode,
    targetValues: new Map(),
    targetExpressions: new Map(),
  };
}

interface Compiled {
  readonly kind: BufferJson['kind'];
  readonly script: CompiledScript;
}

/** Only the scripts: where an event is put does not change its buffer. */
function compiledScripts(command: Command, environment: DraftEnvironment): Compiled[] {
  if (commandByName(command.name)?.isEvent !== true) {
    const draft = draftCommand(command, environment);
    const isEvaluation = draft?.kind === 'done' && draft.plan.kind === 'evaluate';
    return isEvaluation ? [{ kind: 'evaluate', script: draft.plan.script }] : [];
  }
  return command.blocks
    .filter(({ kind }) => kind === 'script')
    .map((block) => draftScript(block, command, environment))
    .filter((draft) => draft !== undefined)
    .map(({ script }) => ({ kind: 'script', script }));
}

function bufferJson({
  bytes,
  symbolCount,
}: CompiledScript): Pick<BufferJson, 'pointer' | 'sizeBytes' | 'hex'> {
  return { pointer: symbolCount, sizeBytes: bytes.length, hex: Buffer.from(bytes).toString('hex') };
}

/** A line for the command, then a line for each slot: type, length and value in hexadecimal. */
function printBuffer({ command, line, pointer, sizeBytes, hex }: BufferJson): void {
  printLine(`${command} (line ${line}): ${pointer} slots, ${sizeBytes} bytes`);
  const view = new DataView(Uint8Array.from(Buffer.from(hex, 'hex')).buffer);
  for (let slot = 0; slot < pointer; slot++) {
    const words = [0, 8, 16].map((offset) => view.getBigUint64(24 * slot + offset, true).toString(16));
    printLine(`  ${String(slot).padStart(4)}  ${words.join(' ')}`);
  }
}
