import { type Command, InvalidArgumentError } from 'commander';
import { registersOfJson } from '../../../script-engine/conformance/user-mode';
import { CliError, EXIT } from '../cli-error';
import { printJson, readStdin, untilInterrupted } from '../console-io';
import { evaluateInWorker, type EvaluationRequest } from '../evaluation-worker';
import { readTextFile } from '../input-file';
import { countValue, secondsAsMs, symbolValue } from '../option-values';

interface EvalOptions {
  readonly regs?: ReadonlyMap<string, bigint>;
  readonly maxExec?: number;
  readonly sym?: Map<string, bigint>;
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** `hds eval`: one script in user mode on a fixed memory map (cli.md). */
export function addEvalCommand(program: Command): void {
  program
    .command('eval')
    .description(
      'run one script in user mode, on a small memory of its own, and print what came of it as JSON',
    )
    .argument('<file>', 'file with the text of a script, or - for stdin')
    .option('--regs <json>', 'initial general registers, e.g. {"rax":"0x10"}', registersValue)
    .option('--max-exec <count>', 'end the script after this many instructions', countValue)
    .option('--sym <name=hex>', 'address of a symbol; may be repeated', symbolValue)
    .option('--timeout <seconds>', 'end the script after this time', secondsAsMs)
    .action(async (file: string, options: EvalOptions) => {
      const source = file === '-' ? await readStdin() : readTextFile(file);
      process.exitCode = await evaluate(source, options);
    });
}

async function evaluate(source: string, options: EvalOptions): Promise<number> {
  const request: EvaluationRequest = {
    source,
    registers: options.regs ?? new Map(),
    symbols: options.sym ?? new Map(),
    maxInstructions: options.maxExec,
  };
  const timeoutMs = options.timeout ?? DEFAULT_TIMEOUT_MS;
  const result = await untilInterrupted((signal) => evaluateInWorker(request, timeoutMs, signal));
  switch (result.kind) {
    case 'done':
      printJson(result.evaluation);
      return result.evaluation.ok ? EXIT.done : EXIT.failed;
    case 'interrupted':
      return EXIT.interrupted;
    case 'timeout':
      throw new CliError(
        `The script did not end within ${timeoutMs / 1000} s and was ended. Give more with --timeout, or a limit of instructions with --max-exec.`,
        EXIT.failed,
      );
  }
}

const REGISTERS_FORM = 'Give a JSON object of general registers, e.g. \'{"rax":"0x10"}\'.';

function registersValue(text: string): ReadonlyMap<string, bigint> {
  const json = parsedObject(text);
  if (json === undefined) throw new InvalidArgumentError(REGISTERS_FORM);
  const registers = registersOfJson(json);
  if (typeof registers === 'string') throw new InvalidArgumentError(registers);
  return registers;
}

/** Values that are neither texts nor numbers become texts that are no numbers. */
function parsedObject(text: string): Record<string, string | number> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'number' ? value : String(value),
    ]),
  );
}
