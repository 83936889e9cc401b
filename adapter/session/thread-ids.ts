/** DAP thread ids count from 1; a thread is a core. */
export function threadIdOf(core: number): number {
  return core + 1;
}

export function coreOf(threadId: number): number {
  return threadId - 1;
}
