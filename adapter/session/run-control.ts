import type { DebugProtocol } from '@vscode/debugprotocol';
import { DriverError } from '../../driver/driver-error';
import { stackOf } from './call-stack';
import type { Call } from './dap-server';
import type { DebugSession } from './debug-session';
import type { LiveTarget } from './live-target';
import { notStopped, RequestError } from './request-error';
import { runTo, stepLine } from './stepping';
import { coreOf } from './thread-ids';

/** Lets the target run. */
export async function resumeTarget(live: LiveTarget): Promise<void> {
  await live.inTurn(async () => {
    if (live.debuggee.halted === undefined) return;
    live.leaveStop();
    await live.debuggee.resume();
  });
}

/** DAP `continue`. */
export function continueTarget(
  session: DebugSession,
  _args: DebugProtocol.ContinueArguments,
  call: Call,
): { allThreadsContinued: boolean } {
  const live = requireStopped(session);
  // The answer goes first: a stop can follow within a millisecond, and a client must not see it before.
  call.after(() => background(session, () => resumeTarget(live)));
  return { allThreadsContinued: true };
}

/** DAP `pause`. */
export function pause(session: DebugSession, _args: unknown, call: Call): void {
  const live = session.requireLive();
  call.after(() =>
    background(session, () => live.inTurn(async () => live.arrive(await live.debuggee.pause(), 'pause'))),
  );
}

/** DAP `next` and `stepIn`: by instruction, or by source line where the program has line information. */
export function step(
  session: DebugSession,
  kind: 'in' | 'over',
  args: DebugProtocol.NextArguments | DebugProtocol.StepInArguments,
  call: Call,
): void {
  const live = requireStopped(session);
  call.after(() =>
    background(session, async () => {
      const view = await live.view(coreOf(args.threadId));
      const line =
        args.granularity === 'instruction' ? undefined : live.symbols.lineOf((await view.registers()).rip);
      live.leaveStop();
      const end =
        line === undefined
          ? await live.debuggee.step(kind)
          : await stepLine(live, session.codeBreakpoints, kind, line);
      if (end !== undefined) live.arrive(end, 'step');
    }),
  );
}

/** DAP `stepOut`: runs to the return address of the present frame. */
export async function stepOut(
  session: DebugSession,
  args: DebugProtocol.StepOutArguments,
  call: Call,
): Promise<void> {
  const live = requireStopped(session);
  const core = coreOf(args.threadId);
  const [, caller] = await (await stackOf(session, live, core)).frames(2);
  if (caller === undefined || caller.origin === 'scan') {
    throw new RequestError(
      'The caller of this function is not known (it keeps no frame pointer). Step on, or set a breakpoint where it returns.',
    );
  }
  const { instructionPointer, stackPointer } = caller;
  call.after(() =>
    background(session, async () => {
      live.leaveStop();
      live.arrive(await runTo(live, session.codeBreakpoints, instructionPointer, stackPointer), 'itself');
    }),
  );
}

function requireStopped(session: DebugSession): LiveTarget {
  const live = session.requireLive();
  if (!live.isStopped) throw notStopped();
  return live;
}

/** Work after an answer. A refusal reaches the user as output, and a target that stands still is shown as stopped. */
export function background(session: DebugSession, work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    if (session.isEnded) return;
    const isKnown = error instanceof DriverError || error instanceof RequestError;
    session.output.line('stderr', isKnown ? error.message : `Internal error: ${String(error)}`);
    const halted = session.live?.debuggee.halted;
    if (halted !== undefined) session.live?.arrive(halted, 'itself');
  });
}
