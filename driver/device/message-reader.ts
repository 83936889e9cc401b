/** Reads the messages of the driver, one waiting request at a time (driver-protocol 4). */

import { OPERATION } from '../sdk/tables.generated';
import { DEVICE_STATUS, type DeviceIo } from './device-io';

export interface DeviceMessage {
  readonly operation: number;
  readonly payload: Uint8Array;
}

const OPERATION_BYTES = 4;
/** Another reader has the channel: without a pause the loop would spin (4, TRAP). */
const BACK_OFF_MS = 50;

/**
 * Hands every message to `take` until the end marker comes or the device ends; resolves then. Never asks again behind the
 * marker, because nothing would complete that request (3.3, step 4).
 */
export async function readMessages(io: DeviceIo, take: (message: DeviceMessage) => void): Promise<void> {
  for (;;) {
    const { status, bytes } = await io.pend();
    if (status !== DEVICE_STATUS.success) return;
    if (bytes.length < OPERATION_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, BACK_OFF_MS));
      continue;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const operation = view.getUint32(0, true);
    if (operation === OPERATION.OPERATION_HYPERVISOR_DRIVER_END_OF_IRPS) return;
    take({ operation, payload: bytes.slice(OPERATION_BYTES) });
  }
}
