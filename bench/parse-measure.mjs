// Ratios of candidates that run in turn, on the clock of the main thread: the machine may be shared.
import { readFileSync } from 'node:fs';

/** Milliseconds that this thread was on a processor; wall time where the system does not say. */
export function processorMs() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/**
 * Runs `{ name, run }` candidates in turn, `rounds` times `repeats` runs each after a warm-up, and returns the median and
 * the best milliseconds of one run of each.
 */
export function measure(candidates, { rounds, repeats, warmUp }) {
  const samples = candidates.map(() => []);
  for (const { run } of candidates) for (let i = 0; i < warmUp; i++) run();
  for (let round = 0; round < rounds; round++)
    candidates.forEach(({ run }, index) => {
      globalThis.gc?.();
      const start = processorMs();
      for (let i = 0; i < repeats; i++) run();
      samples[index].push((processorMs() - start) / repeats);
    });
  return candidates.map(({ name }, index) => ({
    name,
    medianMs: median(samples[index]),
    bestMs: Math.min(...samples[index]),
  }));
}
