import { openUnicornLibrary, UnicornUnavailableError } from '../driver/native/unicorn-search';

/**
 * Skips the running test, or from a `before` hook the tests of its suite. The reason is printed at the end of `npm test`, so
 * that a test that never runs is seen.
 */
export function skipBecause(context: Mocha.Context, reason: string): never {
  const runnable = context.test;
  if (runnable !== undefined) {
    const isHook = 'type' in runnable && runnable.type === 'hook';
    Object.assign((isHook ? runnable.parent : undefined) ?? runnable, { skipReason: reason });
  }
  return context.skip();
}

/** Skips what needs the CPU library where there is none. */
export function skipWithoutCpu(context: Mocha.Context): void {
  try {
    openUnicornLibrary();
  } catch (error) {
    if (!(error instanceof UnicornUnavailableError)) throw error;
    skipBecause(context, 'there is no CPU library here; "npm run setup" says how to get it');
  }
}
