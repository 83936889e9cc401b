import type { Command } from 'commander';
import { answerVector, type VectorRequest } from '../../../script-engine/conformance/answer-vector';
import { printJson, stdinLines } from '../console-io';

/** `hds vectors`: answers golden vectors, a JSON request and a JSON answer a line, in order. */
export function addVectorsCommand(program: Command): void {
  program
    .command('vectors')
    .description('answer script test vectors: JSON requests from stdin, JSON answers to stdout')
    .action(async () => {
      for await (const line of stdinLines()) {
        if (line.trim() !== '') printJson(answer(line));
      }
    });
}

/** An answer for every line, whatever it holds: the asker counts lines. */
function answer(line: string): unknown {
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
  return answerVector(request as VectorRequest);
}

function refusedRequest(reason: string): unknown {
  return { parse: { ok: false, error: { text: `Bad request: ${reason}`, line: 0, column: 0 } } };
}
