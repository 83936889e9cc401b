/** A client that is killed in the middle: attached, an event armed, a breakpoint planted. Prints the helper's process id. */

import { HypervisorSession } from '../../driver/device/hypervisor-session';
import { UserDebuggerClient } from '../../driver/device/user-debugger-client';
import { hookOf } from '../driver/device/device-bench';
import { helperOf } from './double-bench';

const PROCESS_ID = 0x2a10;
const STOP = 0x140001044n;

async function main(): Promise<void> {
  const io = helperOf(process.argv[2] ?? '');
  const session = await HypervisorSession.start(io, { take: () => undefined, processId: () => PROCESS_ID });
  const user = new UserDebuggerClient(session.client);
  await user.verb('attach', { ProcessId: PROCESS_ID });
  await session.client.registerEvent(hookOf(0x1000000n, STOP));
  await user.setBreakpoint(PROCESS_ID, STOP);
  process.stdout.write(String(io.helperProcessId));
}

void main();
