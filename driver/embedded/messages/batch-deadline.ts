/** Time limit of a partial batch. The real driver has none, so its last lines may never come (driver-protocol 4, TRAP). */

export interface BatchTiming {
  /** Milliseconds on any clock that only goes forward. */
  readonly nowMs: () => number;
  /** How long a message may wait for a batch to fill; undefined is for ever, as in the real driver. */
  readonly timeoutMs: number | undefined;
}

/** Two hundredths of a second look immediate to a person and still hold hundreds of messages together. */
export const DEFAULT_BATCH_TIMEOUT_MS = 20;

/** Milliseconds until a batch begun at `sinceMs` is due, 0 when it is; undefined when it never is. */
export function msUntilDue(sinceMs: number | undefined, timing: BatchTiming): number | undefined {
  if (sinceMs === undefined || timing.timeoutMs === undefined) return undefined;
  return Math.max(0, sinceMs + timing.timeoutMs - timing.nowMs());
}
