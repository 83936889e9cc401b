import { launchTarget, type OpenTarget } from '../target/launch-target';
import { type OpenRemoteTarget, remoteTarget } from '../target/remote-target';
import { DebugSession } from './debug-session';
import { handlersOf } from './handlers';
import { endSession } from './launch';

/**
 * Serves one client on a pair of streams. `onEnd` is called once, when the client has disconnected or its stream closed; the
 * target is gone by then.
 */
export function startSession(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  onEnd: () => void,
  openTarget: OpenTarget = launchTarget,
  openRemoteTarget: OpenRemoteTarget = remoteTarget,
): DebugSession {
  const session = new DebugSession(openTarget, openRemoteTarget);
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    onEnd();
  };
  session.endings.push(over);
  session.server.onBeforeMessage(() => session.output.flush());
  session.server.onInternalError((text) => session.output.line('stderr', `HyperDbg adapter: ${text}`));
  session.server.serve(handlersOf(session));
  // A client that dies must not leave a machine behind.
  session.server.on('close', () => {
    const call = { command: 'disconnect', signal: session.startAbort.signal, after: () => undefined };
    void endSession(session, {}, call).finally(over);
  });
  session.server.start(input, output);
  return session;
}
