/** Connecting to a debuggee at the other end of a byte stream (driver-protocol 8.2). */

import type { ByteStream } from '../byte-stream';
import type { Debuggee, TargetMessage } from '../debuggee';
import { DriverError } from '../driver-error';
import { DEFAULT_SIGNATURE } from './build-signature';
import { MAX_FRAME_BYTES } from './frame';
import { KdClient } from './kd-client';
import { KdSession } from './kd-session';

export interface KdConnectOptions {
  /** Build signature to present; a debuggee refuses any but its own (8.2). */
  readonly signature?: string;
  readonly handshakeTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 20_000;
const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
/** A slow line needs longer than a request may take, so the longest frame's time on it comes on top. */
function requestLimitMs({ bytesPerSecond }: ByteStream): number {
  const lineMs = bytesPerSecond === undefined ? 0 : (1000 * MAX_FRAME_BYTES) / bytesPerSecond;
  return DEFAULT_REQUEST_TIMEOUT_MS + Math.ceil(lineMs / 1000) * 1000;
}

/**
 * Answers the debuggee's greeting and resolves when it has told its modules; the target runs then. Rejects with DriverError when
 * the stream ends, nothing comes in time, the debuggee refuses, or `signal` aborts.
 */
export function connectKdDebuggee(stream: ByteStream, options: KdConnectOptions = {}): Promise<Debuggee> {
  return connectKdClient(stream, options);
}

/** The same for whoever wants the wire's own requests too. */
export function connectKdClient(stream: ByteStream, options: KdConnectOptions = {}): Promise<KdClient> {
  const signature = options.signature ?? DEFAULT_SIGNATURE;
  const session = new KdSession(stream, signature);
  const timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
  const { signal } = options;
  const operation = `Connecting to ${stream.description}`;
  return new Promise<KdClient>((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      unlisten();
    };
    const fail = (detail: string) => {
      settle();
      session.close('the connection was given up');
      reject(new DriverError(operation, undefined, detail));
    };
    const abort = () => fail('it was cancelled');
    const timeout = () => {
      const silence = `no debuggee answered within ${timeoutMs / 1000} s`;
      // A real debuggee says nothing to a debugger whose signature it does not like: it gives up (8.2, TRAP).
      fail(
        session.wasGreeted
          ? `a debuggee called, but did not accept the build signature ${signature} within ${timeoutMs / 1000} s; show it the one of its own build, which is in its libhyperdbg.dll`
          : `${silence}; check that it runs, and that both ends have the same rate where it is a serial line`,
      );
    };
    const timer = setTimeout(timeout, timeoutMs);
    const unlisten = session.listen({
      ended: fail,
      message: (message: TargetMessage) => {
        // Before it has started, a debuggee has nothing to report but that it does not want this debugger.
        if (message.kind === 'error' && !session.isStarted) fail(message.text);
      },
      modules: () => {
        settle();
        resolve(new KdClient(stream, session, options.requestTimeoutMs ?? requestLimitMs(stream)));
      },
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort);
  });
}
