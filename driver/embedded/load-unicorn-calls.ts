import type * as NativeUnicorn from '../native/unicorn';

/** Native code cannot be called on this computer. The message is complete. */
export class NativeCallsError extends Error {
  override readonly name = 'NativeCallsError';
}

/**
 * The calls into libunicorn, loaded when a machine is wanted and not before: they need koffi's binary, and a program that only checks scripts must
 * start without it. Rejects with NativeCallsError.
 */
export async function loadUnicornCalls(): Promise<typeof NativeUnicorn> {
  try {
    return await import('../native/unicorn.js');
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    throw new NativeCallsError(
      `The embedded machine needs koffi, which calls native code, and it does not load here: ${reason}. ` +
        `Install the package for ${process.platform}-${process.arch}, or run "npm run setup" in a clone of the project.`,
    );
  }
}
