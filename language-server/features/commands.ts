/** What a client can ask the server to do. */

import { ErrorCodes, ResponseError } from 'vscode-languageserver';
import { registerByName } from '../../script-engine/catalog/registers';
import type { DryRun } from '../dry-run';
import type { Feature, ServerContext } from '../feature';
import type { Verification } from '../verify';

export const DRY_RUN = 'hyperdbg.server.dryRun';
export const VERIFY = 'hyperdbg.server.verify';

const FORM = `\`${DRY_RUN}\` takes the URI of an open script, a line from 0, and registers in hex, e.g. {"rax":"1f"}.`;

async function runDry(
  { documents }: ServerContext,
  [uri, line, registers = {}]: readonly unknown[],
): Promise<DryRun | string> {
  if (typeof uri !== 'string' || typeof line !== 'number' || !Number.isInteger(line) || line < 0) return FORM;
  const document = documents.find(uri);
  if (document === undefined) return `${uri} is not open. ${FORM}`;
  const values = registerValues(registers);
  if (typeof values === 'string') return values;
  // Nobody waits for the evaluator when the editor starts.
  const { dryRun } = await import('../dry-run.js');
  return dryRun(document, line, values);
}

/** A text is what is wrong. */
function registerValues(registers: unknown): ReadonlyMap<string, bigint> | string {
  const values = hexValues(registers);
  if (typeof values === 'string') return values;
  const unknown = [...values.keys()].find((name) => registerByName(name) === undefined);
  return unknown === undefined ? values : `There is no register \`${unknown}\`.`;
}

function hexValues(named: unknown): ReadonlyMap<string, bigint> | string {
  if (typeof named !== 'object' || named === null) return FORM;
  const values = new Map<string, bigint>();
  for (const [name, value] of Object.entries(named)) {
    if (typeof value !== 'string' || !/^[0-9a-f]{1,16}$/i.test(value))
      return `The value of \`${name}\` is written in hex, with at most 16 digits.`;
    values.set(name, BigInt(`0x${value}`));
  }
  return values;
}

const VERIFY_FORM =
  `\`${VERIFY}\` takes the URI of an open script, a line from 0, the path of a guest program, ` +
  'and addresses of symbols in hex, e.g. {"counter!paint":"401000"}.';

async function verify(
  { documents }: ServerContext,
  [uri, line, program, symbols = {}]: readonly unknown[],
): Promise<Verification | string> {
  if (typeof uri !== 'string' || typeof line !== 'number' || !Number.isInteger(line) || line < 0)
    return VERIFY_FORM;
  if (typeof program !== 'string' || program === '') return VERIFY_FORM;
  const document = documents.find(uri);
  if (document === undefined) return `${uri} is not open. ${VERIFY_FORM}`;
  const addresses = hexValues(symbols);
  if (typeof addresses === 'string') return addresses;
  // The driver brings native code with it, which is loaded when somebody asks for it and never while typing.
  const { verifyEvent } = await import('../verify.js');
  return verifyEvent(document, { line, program, symbols: addresses });
}

type Run = (context: ServerContext, given: readonly unknown[]) => Promise<object | string>;

/** To add a command, name it here. */
const COMMANDS: ReadonlyMap<string, Run> = new Map<string, Run>([
  [DRY_RUN, runDry],
  [VERIFY, verify],
]);

export const commandsFeature: Feature = {
  capabilities: () => ({ executeCommandProvider: { commands: [...COMMANDS.keys()] } }),
  serve(context) {
    context.connection.onExecuteCommand(async ({ command, arguments: given = [] }) => {
      const run = COMMANDS.get(command);
      const result =
        run === undefined ? `The server has no command \`${command}\`.` : await run(context, given);
      return typeof result === 'string' ? new ResponseError(ErrorCodes.InvalidParams, result) : result;
    });
  },
};
