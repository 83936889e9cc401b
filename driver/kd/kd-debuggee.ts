/** Connecting to a debuggee at the other end of a byte stream (driver-protocol 8.2). */

import type { ByteStream } from '../byte-stream';
import type { Debuggee, TargetMessage } from '../debuggee';
import { DriverError } from '../driver-error';
import { KdClient } from './kd-client';
import { KdSession } from './kd-session';

export interface KdConnectOptions {
  /** Build signature to present; a debuggee refuses any but its own (8.2). */
  readonly signature?: string;
  readonly handshakeTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_SIGNATURE = '0.2.0-00000000.0000';
const DEFAULT_HANDSHAKE_TIMEOUT_MS = 20_000;
const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
/**
 * Answers the debuggee's greeting and resolves when it has told its modules; the target runs then. Rejects with DriverError when
 * the stream ends, nothing comes in time, the debuggee refuses, or `signal` aborts.
 */
export function connectKdDebuggee(stream: ByteStream, options: KdConnectOptions = {}): Promise<Debuggee> {
  const session = new KdSession(stream, options.signature ?? DEFAULT_SIGNATURE);
  const timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
  const { signal } = options;
  const operation = `Connecting to ${stream.description}`;
  return new Promise<Debuggee>((resolve, reject) => {
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
    const timer = setTimeout(() => fail(`no debuggee answered within ${timeoutMs / 1000} s`), timeoutMs);
    const unlisten = session.listen({
      ended: fail,
      message: (message: TargetMessage) => {
        // Before it has started, a debuggee has nothing to report but that it does not want this debugger.
        if (message.kind === 'error' && !session.isStarted) fail(message.text);
      },
      modules: () => {
        settle();
        resolve(
          new KdClient(stream.description, session, options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS),
        );
      },
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort);
  });
}
