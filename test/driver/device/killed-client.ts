/** A client that is killed while it has a process attached. Says when it is there. */

import { HelperDeviceIo } from '../../../driver/device/helper/helper-device';
import { HypervisorSession } from '../../../driver/device/hypervisor-session';
import { UserDebuggerClient } from '../../../driver/device/user-debugger-client';
import { findGuestProcess } from './embedded-bench';

async function main(): Promise<void> {
  const io = new HelperDeviceIo({ program: process.execPath, arguments: process.argv.slice(2) }, 'the guest');
  const session = await HypervisorSession.start(io, { take: () => undefined });
  const user = new UserDebuggerClient(session.client);
  await user.verb('attach', { ProcessId: await findGuestProcess(session.client) });
  process.stdout.write('attached');
}

void main();
