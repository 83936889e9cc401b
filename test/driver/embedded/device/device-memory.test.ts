import assert from 'node:assert/strict';
import { DEVICE_STATUS } from '../../../../driver/device/device-io';
import { numbersTail } from '../../../../driver/kd/packet';
import * as sdk from '../../../../driver/sdk/structs.generated';
import { DEBUGGER_ERROR as E } from '../../../../driver/sdk/tables.generated';
import { PAGE, PROCESS_ID } from '../server/plain-machine';
import { PlainDevice } from './plain-device';

const OK = E.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const ALL = 0xffffffff;

describe('memory through the device (driver-protocol 6)', () => {
  const read = (plain: PlainDevice, record: object, room: number) =>
    plain.ioctl(
      'IOCTL_DEBUGGER_READ_MEMORY',
      sdk.DEBUGGER_READ_MEMORY.encode({ MemoryType: 1, ...record }),
      48 + room,
    );
  const write = (plain: PlainDevice, address: bigint, values: bigint[], more: object = {}) =>
    plain.exchange(
      'IOCTL_DEBUGGER_EDIT_MEMORY',
      sdk.DEBUGGER_EDIT_MEMORY,
      { Address: address, CountOf64Chunks: values.length, ...more },
      numbersTail.encode(values),
    ).Result;

  it('is read when the buffer has room for it; the process must exist', () => {
    const plain = PlainDevice.started();
    plain.machine.memory.write(PAGE, Uint8Array.of(1, 2, 3, 4));
    assert.deepEqual([...read(plain, { Address: PAGE, Size: 4 }, 4).bytes.subarray(48)], [1, 2, 3, 4]);
    assert.equal(read(plain, { Address: PAGE, Size: 5 }, 4).status, DEVICE_STATUS.invalidParameter);
    for (const wrong of [
      { Address: 0x10n, Size: 4 },
      { Address: PAGE, Size: 4, Pid: 9 },
    ]) {
      const { bytes } = read(plain, wrong, 4);
      assert.equal(bytes.length, 48);
      const { KernelStatus } = sdk.DEBUGGER_READ_MEMORY.decode(bytes);
      assert.equal(KernelStatus, E.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER);
    }
  });

  it('is written only by a request of the exact length', () => {
    const plain = PlainDevice.started();
    assert.equal(write(plain, PAGE, [0x1122334455667788n, 9n], { ByteSize: 2 }), OK);
    assert.deepEqual(
      [...plain.machine.memory.read(PAGE, 9)!],
      [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 9],
    );
    const short = sdk.DEBUGGER_EDIT_MEMORY.encode({ Address: PAGE, CountOf64Chunks: 2 }, new Uint8Array(8));
    assert.equal(plain.ioctl('IOCTL_DEBUGGER_EDIT_MEMORY', short).status, DEVICE_STATUS.invalidParameter);
    assert.equal(
      write(plain, PAGE, [1n], { ProcessId: 9 }),
      E.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_OTHER_PROCESS,
    );
  });

  it('search answers 4096 numbers that a zero ends', () => {
    const plain = PlainDevice.started();
    const wanted = { Address: PAGE, Length: 0x2000n, MemoryType: 1, CountOf64Chunks: 1 };
    const search = (value: bigint, room: number) =>
      plain.ioctl(
        'IOCTL_DEBUGGER_SEARCH_MEMORY',
        sdk.DEBUGGER_SEARCH_MEMORY.encode(wanted, numbersTail.encode([value])),
        room,
      );
    plain.machine.memory.write(PAGE + 0x100n, Uint8Array.of(0xab));
    plain.machine.memory.write(PAGE + 0x1fffn, Uint8Array.of(0xab));
    const numbers = numbersTail.decode(search(0xabn, 32768).bytes);
    assert.equal(numbers.length, 4096);
    assert.deepEqual(numbers.slice(0, 3), [PAGE + 0x100n, PAGE + 0x1fffn, 0n]);
    // More hits than entries: the list still ends with a zero.
    assert.equal(numbersTail.decode(search(0n, 32768).bytes).indexOf(0n), 4095);
    assert.equal(search(0xabn, 32767).status, DEVICE_STATUS.invalidParameter);
    assert.equal(plain.read(), undefined);
  });

  it('shows int3 of the user debugger; other bytes make a breakpoint dormant and 0xcc puts it back (7.6)', () => {
    const plain = PlainDevice.started();
    const address = PAGE + 8n;
    plain.machine.memory.write(address - 1n, Uint8Array.of(0x11, 0x90, 0x22));
    const set = () =>
      plain.exchange('IOCTL_SET_BREAKPOINT_USER_DEBUGGER', sdk.DEBUGGEE_BP_PACKET, {
        Address: address,
        Pid: PROCESS_ID,
        Tid: ALL,
        Core: ALL,
      }).Result;
    const shown = () => [...read(plain, { Address: address - 1n, Size: 3 }, 3).bytes.subarray(48)];
    assert.equal(set(), OK);
    assert.deepEqual([shown(), plain.machine.breakpoints.size], [[0x11, 0xcc, 0x22], 1]);
    assert.deepEqual([...plain.machine.memory.read(address, 1)!], [0x90]);
    assert.equal(write(plain, address - 1n, [0x12n, 0x90n], { ByteSize: 0 }), OK);
    assert.deepEqual([shown(), plain.machine.breakpoints.size], [[0x12, 0x90, 0x22], 0]);
    assert.equal(set(), E.DEBUGGER_ERROR_BREAKPOINT_ALREADY_EXISTS_ON_THE_ADDRESS);
    assert.equal(write(plain, address, [0xccn]), OK);
    assert.deepEqual([shown(), plain.machine.breakpoints.size], [[0x12, 0xcc, 0x22], 1]);
    assert.deepEqual([...plain.machine.memory.read(address, 1)!], [0x90]);
    // While its thread stands at it, the original byte is back.
    assert.equal(plain.device.breakpoints.hit(address), 1n);
    assert.deepEqual(shown(), [0x12, 0x90, 0x22]);
    plain.device.breakpoints.continued();
    assert.deepEqual(shown(), [0x12, 0xcc, 0x22]);
    // The same through the physical page.
    const physical = plain.machine.memory.virtualToPhysical(address)!;
    assert.equal(read(plain, { Address: physical, Size: 1, MemoryType: 0 }, 1).bytes[48], 0xcc);
  });
});
