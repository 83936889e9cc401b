/** What a client can ask the server to do. */

import { ErrorCodes, ResponseError } from 'vscode-languageserver';
import { registerByName } from '../../script-engine/catalog/registers';
import type { DryRun } from '../dry-run';
import type { Feature, ServerContext } from '../feature';

export const DRY_RUN = 'hyperdbg.server.dryRun';

const FORM = `\`${DRY_RUN}\` takes the URI of an open script, a line from 0, and registers in hex, e.g. {"rax":"1f"}.`;

async function runDry(
  { documents }: ServerContext,
  [uri, line, registers = {}]: readonly unknown[],
): Promise<DryRun | string> {
  if (typeof uri !== 'string' || typeof line !== 'number' || !Number.isInteger(line) || line < 0) return FORM;
  const document = documents.find(uri);
  if (document === undefined) return `${uri} is not open. ${FORM}`;
  const values = valuesOf(registers);
  if (typeof values === 'string') return values;
  // Nobody waits for the evaluator when the editor starts.
  const { dryRun } = await import('../dry-run.js');
  return dryRun(document, line, values);
}

/** A text is what is wrong. */
function valuesOf(registers: unknown): ReadonlyMap<string, bigint> | string {
  if (typeof registers !== 'object' || registers === null) return FORM;
  const values = new Map<string, bigint>();
  for (const [name, value] of Object.entries(registers)) {
    if (registerByName(name) === undefined) return `There is no register \`${name}\`.`;
    if (typeof value !== 'string' || !/^[0-9a-f]{1,16}$/i.test(value))
      return `The value of \`${name}\` is written in hex, with at most 16 digits.`;
    values.set(name, BigInt(`0x${value}`));
  }
  return values;
}

export const commandsFeature: Feature = {
  capabilities: () => ({ executeCommandProvider: { commands: [DRY_RUN] } }),
  serve(context) {
    context.connection.onExecuteCommand(async ({ command, arguments: given = [] }) => {
      const result =
        command === DRY_RUN ? await runDry(context, given) : `The server has no command \`${command}\`.`;
      return typeof result === 'string' ? new ResponseError(ErrorCodes.InvalidParams, result) : result;
    });
  },
};
