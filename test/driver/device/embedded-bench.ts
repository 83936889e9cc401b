/** The embedded driver as a bench: behind the guard, in this process. */

import { GuardedDevice } from '../../../driver/device/guarded-device';
import { startEmbeddedDevice } from '../../../driver/embedded/device/start-embedded-device';
import type { DeviceClient } from '../../../driver/device/device-client';
import * as sdk from '../../../driver/sdk/structs.generated';
import { buildGuest } from '../embedded/guest-programs';
import type { DeviceBench } from './device-bench';

export const LOOP_PROGRAM = `
__attribute__((aligned(4096))) volatile char pages[8192] = {1};
int main(void) { for (;;) __asm__ volatile("hooked: nop; nop; nop; nop; stop: nop; nop; nop" ::: "r15"); }`;

export async function findGuestProcess(client: DeviceClient): Promise<number> {
  const bytes = await client.request(
    'Listing processes',
    'IOCTL_GET_LIST_OF_THREADS_AND_PROCESSES',
    sdk.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS.encode({ QueryType: 3 }),
    200,
    40,
  );
  return sdk.DEBUGGEE_PROCESS_LIST_DETAILS_ENTRY.decode(bytes).ProcessId;
}

export async function startEmbeddedBench(context: Mocha.Context): Promise<DeviceBench> {
  const guest = buildGuest(context, LOOP_PROGRAM);
  const machine = await startEmbeddedDevice({ program: guest.file, arguments: [], environment: {} });
  machine.onConsole(() => undefined);
  return {
    io: new GuardedDevice(machine.device),
    hooked: guest.symbol('hooked'),
    stop: guest.symbol('stop'),
    pageBorder: guest.symbol('pages') + 4096n,
    unmapped: 0x10n,
    findProcess: findGuestProcess,
    release: () => machine.start(),
    checkNoMisuse: () => Promise.resolve(),
    dispose: () => machine.dispose(),
  };
}
