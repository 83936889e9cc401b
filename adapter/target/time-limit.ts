/**
 * Waits for `work`, but not longer than `limitMs`. True when it settled in time; a late or failed end is nobody's concern
 * any more, because this serves the end of a target that may be dead.
 */
export async function within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([settled, limit]);
  clearTimeout(timer);
  return inTime;
}
