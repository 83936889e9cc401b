/** What the guard keeps from the driver, and in which order it ends. The device behind it only writes down what arrives. */

import assert from 'node:assert/strict';
import { type DeviceAnswer, type DeviceIo } from '../../../driver/device/device-io';
import { GuardedDevice } from '../../../driver/device/guarded-device';
import { WindowsDeviceIo } from '../../../driver/device/windows-device-io';
import { recordOfAction } from '../../../driver/kd/event-records';
import { concatBytes } from '../../../driver/kd/packet';
import * as sdk from '../../../driver/sdk/structs.generated';
import { DEBUGGER_ERROR as E, IOCTL, OPERATION } from '../../../driver/sdk/tables.generated';

type Name = keyof typeof IOCTL;
const NAMES = new Map<number, string>(Object.entries(IOCTL).map(([name, { code }]) => [code, name]));
const OK = E.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const TOKEN = 0x1000000n;
const PROCESS_ID = 7;
const THREAD_ID = 8;

class RecordingDevice implements DeviceIo {
  readonly description = 'a device that writes down';
  readonly arrived: string[] = [];
  readonly #messages: Uint8Array[] = [];
  #parked: ((answer: DeviceAnswer) => void) | undefined;
  /** A request for this code is never answered. */
  stuckCode = 0;

  open(): Promise<number> {
    return Promise.resolve(0);
  }
  ioctl(code: number, input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer> {
    this.arrived.push(NAMES.get(code) ?? String(code));
    if (code === this.stuckCode) return new Promise(() => undefined);
    if (code === IOCTL.IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL.code)
      this.say(OPERATION.OPERATION_HYPERVISOR_DRIVER_END_OF_IRPS, Uint8Array.of(36));
    return Promise.resolve({ status: 0, bytes: this.#answer(code, input).slice(0, outputSizeBytes) });
  }
  #answer(code: number, input: Uint8Array): Uint8Array {
    if (code === IOCTL.IOCTL_DEBUGGER_READ_MEMORY.code) return concatBytes([input, Uint8Array.of(0xcc)]);
    const bytes = input.slice();
    if (code === IOCTL.IOCTL_INIT_VMM.code) return sdk.DEBUGGER_INIT_VMM_PACKET.encode({ KernelStatus: OK });
    if (code === IOCTL.IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS.code) {
      const struct = sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS;
      bytes.set(struct.encode({ ...struct.decode(input), Token: TOKEN, Result: BigInt(OK) }));
    }
    return bytes;
  }
  pend(): Promise<DeviceAnswer> {
    return new Promise((resolve) => {
      this.#parked = resolve;
      this.#deliver();
    });
  }
  say(operation: number, payload: Uint8Array): void {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, operation, true);
    this.#messages.push(concatBytes([head, payload]));
    this.#deliver();
  }
  #deliver(): void {
    const bytes = this.#parked === undefined ? undefined : this.#messages.shift();
    if (bytes === undefined) return;
    this.#parked?.({ status: 0, bytes });
    this.#parked = undefined;
  }
  cancel(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    this.arrived.push('close');
    return Promise.resolve();
  }
}

describe('the guard before the device', () => {
  let inner: RecordingDevice;
  let device: GuardedDevice;
  beforeEach(async () => {
    inner = new RecordingDevice();
    device = new GuardedDevice(inner);
    await device.open();
    await send('IOCTL_INIT_VMM', new Uint8Array(4));
    inner.arrived.length = 0;
  });
  const send = (name: Name, input: Uint8Array, outputSizeBytes = input.length) =>
    device.ioctl(IOCTL[name].code, input, outputSizeBytes);
  const attach = (
    record: Partial<Parameters<typeof sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS.encode>[0]>,
  ) =>
    send(
      'IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS',
      sdk.DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS.encode(record),
    );
  const command = (threadId: number, parameters: readonly bigint[] = []) => {
    const [OptionalParam1 = 0n, OptionalParam2 = 0n] = parameters;
    const zero = sdk.DEBUGGER_UD_COMMAND_ACTION.zero();
    const UdAction = { ...zero, ActionType: 2, OptionalParam1, OptionalParam2 };
    const record = { UdAction, ProcessDebuggingDetailToken: TOKEN, TargetThreadId: threadId };
    return send('IOCTL_SEND_USER_DEBUGGER_COMMANDS', sdk.DEBUGGER_UD_COMMAND_PACKET.encode(record));
  };
  const paused = async (PausingReason: number) => {
    const record = {
      ProcessDebuggingToken: TOKEN,
      ThreadId: THREAD_ID,
      ProcessId: PROCESS_ID,
      PausingReason,
    };
    inner.say(
      OPERATION.OPERATION_NOTIFICATION_FROM_USER_DEBUGGER_PAUSE,
      sdk.DEBUGGEE_UD_PAUSED_PACKET.encode(record),
    );
    await device.pend();
  };

  const whole = (struct: { readonly sizeBytes: number }) => new Uint8Array(struct.sizeBytes);
  const read = sdk.DEBUGGER_READ_MEMORY;
  const general = sdk.DEBUGGER_GENERAL_ACTION;
  const breakAction = general.encode(recordOfAction(0x1000000n, { kind: 'break' }, true).record);
  const EVENT = { Tag: 0x1000000n, ConditionBufferSize: 1 };
  const NEVER: readonly (readonly [string, Name, Uint8Array, number])[] = [
    ['a second start', 'IOCTL_INIT_VMM', new Uint8Array(4), 4],
    ['a kernel halt', 'IOCTL_PAUSE_PACKET_RECEIVED', new Uint8Array(4), 4],
    ['a break action', 'IOCTL_DEBUGGER_ADD_ACTION_TO_EVENT', breakAction, 32],
    [
      'code shorter than its size',
      'IOCTL_DEBUGGER_ADD_ACTION_TO_EVENT',
      general.encode({ ActionType: 2, CustomCodeBufferSize: 1 }),
      32,
    ],
    [
      'fewer symbols than told',
      'IOCTL_DEBUGGER_ADD_ACTION_TO_EVENT',
      general.encode({ ActionType: 1, ScriptBufferPointer: 1 }),
      32,
    ],
    [
      'a short condition',
      'IOCTL_DEBUGGER_REGISTER_EVENT',
      sdk.DEBUGGER_GENERAL_EVENT_DETAIL.encode(EVENT),
      168,
    ],
    [
      'a tag with bit 31',
      'IOCTL_DEBUGGER_REGISTER_EVENT',
      sdk.DEBUGGER_GENERAL_EVENT_DETAIL.encode({ Tag: 0x8000_0000n }),
      168,
    ],
    ['a read without room', 'IOCTL_DEBUGGER_READ_MEMORY', read.encode({ Size: 8 }), read.sizeBytes + 7],
    ['a read across a page', 'IOCTL_DEBUGGER_READ_MEMORY', read.encode({ Address: 0xfffn, Size: 2 }), 100],
    ['a search without room', 'IOCTL_DEBUGGER_SEARCH_MEMORY', whole(sdk.DEBUGGER_SEARCH_MEMORY), 1000],
    [
      'a breakpoint for all',
      'IOCTL_SET_BREAKPOINT_USER_DEBUGGER',
      sdk.DEBUGGEE_BP_PACKET.encode({ Pid: 0xffffffff }),
      32,
    ],
  ];
  for (const [what, name, input, room] of NEVER) {
    it(`does not send ${what}`, async () => {
      const { status, bytes } = await send(name, input, room);
      assert.deepEqual(inner.arrived, []);
      assert.ok(status !== 0 || bytes.length > 0);
    });
  }

  it('sends a command only to a thread of which a paused packet of the present stop came', async () => {
    const arrived = async (threadId: number, parameters?: readonly bigint[]) => {
      inner.arrived.length = 0;
      await command(threadId, parameters);
      return inner.arrived.length === 1;
    };
    assert.equal(await arrived(THREAD_ID), false);
    await attach({ ProcessId: PROCESS_ID });
    assert.equal(await arrived(THREAD_ID), false);
    await paused(14);
    assert.deepEqual([await arrived(THREAD_ID + 1), await arrived(THREAD_ID, [3n, 1n])], [false, false]);
    assert.equal(await arrived(THREAD_ID), true);
    // It steps, so it runs; a late "also stopped" is of the stop before.
    await paused(14);
    assert.equal(await arrived(THREAD_ID), false);
    await paused(13);
    assert.equal(await arrived(THREAD_ID), true);
    await paused(5);
    await attach({ Action: 4, Token: TOKEN });
    assert.equal(await arrived(THREAD_ID), false);
  });

  it('ends in order: events, breakpoints, processes, hypervisor, channel, handles; and then takes nothing', async () => {
    await attach({ ProcessId: PROCESS_ID });
    await device.close();
    assert.deepEqual(inner.arrived.slice(1), [
      'IOCTL_DEBUGGER_MODIFY_EVENTS',
      'IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS',
      'IOCTL_DEBUGGER_ATTACH_DETACH_USER_MODE_PROCESS',
      'IOCTL_TERMINATE_VMX',
      'IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL',
      'close',
    ]);
    assert.deepEqual(
      [(await send('IOCTL_INIT_VMM', new Uint8Array(4))).status, (await device.pend()).status],
      [1167, 1167],
    );
  });

  it('ends although a request is stuck, its own or one of the client', async () => {
    inner.stuckCode = IOCTL.IOCTL_TERMINATE_VMX.code;
    void send('IOCTL_TERMINATE_VMX', new Uint8Array(0));
    await device.close();
    assert.deepEqual(inner.arrived.slice(-3), [
      'IOCTL_TERMINATE_VMX',
      'IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL',
      'close',
    ]);
  });

  it('kernel32 is looked for on Windows alone', async () => {
    if (process.platform === 'win32') return;
    await assert.rejects(async () => new WindowsDeviceIo().open(), /kernel32 is part of Windows/);
  });
});
