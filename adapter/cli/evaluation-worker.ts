/**
 * Evaluates one script in a thread of its own, so that a time limit and Ctrl-C can end it: the evaluator is synchronous.
 * The thread loads this same file (or the bundle that it is in).
 */

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { evaluateInUserMode } from '../../script-engine/conformance/user-mode';

export interface EvaluationRequest {
  readonly source: string;
  /** 64-bit general registers by name. */
  readonly registers: ReadonlyMap<string, bigint>;
  readonly symbols: ReadonlyMap<string, bigint>;
  readonly maxInstructions: number | undefined;
}

export type Evaluation = ReturnType<typeof evaluateInUserMode>;

export type EvaluationOutcome =
  | { readonly kind: 'done'; readonly evaluation: Evaluation }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'interrupted' };

const WORKER_KIND = 'hds-evaluation';

/** Resolves when the script has ended, by itself or by the limit or the signal. */
export async function evaluateInWorker(
  request: EvaluationRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<EvaluationOutcome> {
  const worker = new Worker(__filename, { workerData: { kind: WORKER_KIND, request } });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<EvaluationOutcome>((resolve, reject) => {
      timer = setTimeout(() => resolve({ kind: 'timeout' }), timeoutMs);
      signal.addEventListener('abort', () => resolve({ kind: 'interrupted' }));
      worker.on('message', (evaluation: Evaluation) => resolve({ kind: 'done', evaluation }));
      worker.on('error', reject);
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function isEvaluation(data: unknown): data is { kind: string; request: EvaluationRequest } {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === WORKER_KIND;
}

if (!isMainThread && isEvaluation(workerData)) {
  const { source, registers, symbols, maxInstructions } = workerData.request;
  parentPort?.postMessage(
    evaluateInUserMode(source, {
      regs: Object.fromEntries(registers),
      symbols,
      ...(maxInstructions === undefined ? {} : { maxInstructions }),
    }),
  );
}
