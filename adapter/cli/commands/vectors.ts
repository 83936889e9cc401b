import type { Command } from 'commander';
import {
  answerVector,
  type VectorOptions,
  type VectorRequest,
} from '../../../script-engine/conformance/answer-vector';
import { printJson, stdinLines } from '../console-io';
import { choiceValue } from '../option-values';

/** `both` is how scripts run for users: interpreted first, compiled in the middle of the run once they are hot. */
const TIERS = {
  interpreter: { compileAfter: Infinity },
  webassembly: { compileAfter: 0 },
  both: {},
} satisfies Record<string, VectorOptions>;

type Tier = keyof typeof TIERS;

/** `hds vectors`: answers golden vectors, a JSON request and a JSON answer a line, in order. */
export function addVectorsCommand(program: Command): void {
  program
    .command('vectors')
    .description('answer script test vectors: JSON requests from stdin, JSON answers to stdout')
    .option(
      '--tier <tier>',
      'part of the evaluator that runs the scripts: interpreter, webassembly or both (as users run them)',
      choiceValue<Tier>('interpreter', 'webassembly', 'both'),
      'both',
    )
    .action(async ({ tier }: { readonly tier: Tier }) => {
      for await (const line of stdinLines()) {
        if (line.trim() !== '') printJson(answer(line, TIERS[tier]));
      }
    });
}

/** An answer for every line, whatever it holds: the asker counts lines. */
function answer(line: string, options: VectorOptions): unknown {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    return refusedRequest('the line is not JSON');
  }
  if (
    typeof request !== 'object' ||
    request === null ||
    !('source' in request) ||
    typeof request.source !== 'string'
  ) {
    return refusedRequest('the request has no "source" text');
  }
  return answerVector(request as VectorRequest, options);
}

function refusedRequest(reason: string): unknown {
  return { parse: { ok: false, error: { text: `Bad request: ${reason}`, line: 0, column: 0 } } };
}
