/** eventfd: a counter behind a descriptor. */

import { streamFile } from '../descriptors';
import { fail } from '../errno';
import type { GuestProcess } from '../process';
import type { CallTable } from './call';
import { callAgain } from './files';

const FLAG = { semaphore: 1, nonBlocking: 0o4000 } as const;
const COUNTER_BYTES = 8;

function eventDescriptor(process: GuestProcess, initial: number, flags: number): number {
  let count = BigInt(initial >>> 0);
  const file = streamFile(
    (sizeBytes) => {
      if (sizeBytes < COUNTER_BYTES) fail('EINVAL');
      if (count === 0n) {
        if ((flags & FLAG.nonBlocking) !== 0) fail('EAGAIN');
        callAgain(process);
        return new Uint8Array(0);
      }
      const taken = (flags & FLAG.semaphore) !== 0 ? 1n : count;
      count -= taken;
      return new Uint8Array(BigUint64Array.of(taken).buffer);
    },
    (bytes) => {
      if (bytes.length < COUNTER_BYTES) fail('EINVAL');
      count += new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
      return COUNTER_BYTES;
    },
  );
  return process.descriptors.add({ ...file, isReadable: () => count > 0n });
}

export const eventDescriptorCalls: CallTable = {
  284: ['eventfd', (process, [initial]) => eventDescriptor(process, initial, 0)],
  290: ['eventfd2', (process, [initial, flags]) => eventDescriptor(process, initial, flags)],
};
