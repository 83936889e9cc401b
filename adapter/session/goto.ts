import type { DebugProtocol } from '@vscode/debugprotocol';
import { registerByName } from '../../script-engine/catalog/registers';
import type { Call } from './dap-server';
import type { DebugSession } from './debug-session';
import { RequestError } from './request-error';
import { coreOf } from './thread-ids';

/** DAP `gotoTargets`: the address of a line of the program's source. */
export function gotoTargets(
  session: DebugSession,
  args: DebugProtocol.GotoTargetsArguments,
): DebugProtocol.GotoTargetsResponse['body'] {
  const live = session.requireLive();
  const file = args.source.path;
  const code = file === undefined ? undefined : live.symbols.codeOf(file, session.ownLine(args.line));
  if (code === undefined) return { targets: [] };
  const label = live.symbols.placeOf(code.address)?.text ?? `0x${code.address.toString(16)}`;
  const line = session.clientLine(code.line);
  const instructionPointerReference = `0x${code.address.toString(16)}`;
  return {
    targets: [{ id: session.rememberTarget(code.address), label, line, instructionPointerReference }],
  };
}

/** DAP `goto`: sets RIP; the target stays where it is otherwise. */
export async function goto(
  session: DebugSession,
  args: DebugProtocol.GotoArguments,
  call: Call,
): Promise<void> {
  const live = session.requireLive();
  const address = session.targetAddress(args.targetId);
  const rip = registerByName('rip');
  if (address === undefined || rip === undefined) {
    throw new RequestError('This place is no longer known; ask for it again.', false);
  }
  await live.view(coreOf(args.threadId));
  await live.debuggee.writeRegister(rip.id, address);
  live.invalidateViews();
  session.frames.clear();
  session.variables.clear();
  call.after(() =>
    session.server.emitEvent('stopped', {
      reason: 'goto',
      description: `Moved to ${live.symbols.placeOf(address)?.text ?? `0x${address.toString(16)}`}`,
      threadId: args.threadId,
      allThreadsStopped: true,
    }),
  );
}
