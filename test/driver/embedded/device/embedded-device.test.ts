import assert from 'node:assert/strict';
import { DEVICE_STATUS, MESSAGE_BUFFER_BYTES, type DeviceAnswer } from '../../../../driver/device/device-io';
import { InstantPools } from '../../../../driver/embedded/device/instant-pools';
import { numbersTail } from '../../../../driver/kd/packet';
import { recordOfAction, recordOfEvent } from '../../../../driver/kd/event-records';
import * as sdk from '../../../../driver/sdk/structs.generated';
import {
  DEBUGGER_ERROR as E,
  IOCTL,
  OPERATION,
  VMM_EVENT_TYPE_ENUM,
} from '../../../../driver/sdk/tables.generated';
import { Random } from '../../../random';
import { PAGE, PROCESS_ID, THREAD_ID } from '../server/plain-machine';
import { NOTIFY, PlainDevice } from './plain-device';

const OK = E.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const ALL = 0xffffffff;
const TAG = 0x1000000n;
const NONE = new Uint8Array(0);
const EVENT = {
  tag: TAG,
  type: VMM_EVENT_TYPE_ENUM.CPUID_INSTRUCTION_EXECUTION,
  coreId: ALL,
  processId: ALL,
  stage: 1,
  shortCircuit: false,
  options: [],
  condition: undefined,
} as const;

describe('the device of the embedded driver', () => {
  it('takes several handles, and after a close no more (2, TRAP)', () => {
    const { device } = new PlainDevice();
    assert.equal(
      device.ioctl(IOCTL.IOCTL_INIT_VMM.code, new Uint8Array(4), 4).status,
      DEVICE_STATUS.invalidHandle,
    );
    assert.deepEqual([device.open(), device.open()], [0, 0]);
    device.close();
    assert.equal(device.open(), DEVICE_STATUS.generalFailure);
  });

  it('starts the hypervisor once, and says when it is up', () => {
    const plain = new PlainDevice();
    plain.device.open();
    const start = () => plain.exchange('IOCTL_INIT_VMM', sdk.DEBUGGER_INIT_VMM_PACKET, {}).KernelStatus;
    assert.equal(start(), OK);
    assert.equal(plain.read()?.operation, OPERATION.OPERATION_HYPERVISOR_DRIVER_IS_SUCCESSFULLY_LOADED);
    assert.equal(start(), E.DEBUGGER_ERROR_CANNOT_INITIALIZE_DEBUGGER);
  });

  it('gates (3.2) and the version probe (11)', () => {
    const plain = new PlainDevice();
    plain.device.open();
    const probe = () => plain.device.ioctl(0x22286c, new Uint8Array(72), 72);
    assert.deepEqual(probe(), { status: 0, bytes: NONE });
    const status = (code: number) => plain.device.ioctl(code, new Uint8Array(72), 72).status;
    // An old notify code, an unused function of an open range, another device's code, a function outside all ranges.
    assert.deepEqual(
      [0x222000, 0x222100, 0x332004, 0x223400].map(status),
      Array.from({ length: 4 }, () => DEVICE_STATUS.invalidFunction),
    );
    plain.ioctl('IOCTL_INIT_VMM', new Uint8Array(4), 4);
    assert.equal(probe().bytes.length, 72);
    assert.equal(status(IOCTL.IOCTL_DEBUGGER_PRINT.code), DEVICE_STATUS.invalidFunction);
    const trace = plain.ioctl('IOCTL_PERFORM_HYPERTRACE_LBR_DUMP', new Uint8Array(2000), 2000);
    assert.deepEqual(trace, { status: 0, bytes: NONE });
  });

  it('every code with a record refuses short input, no output and short output', () => {
    const plain = PlainDevice.started();
    const structs = new Map<string, { sizeBytes: number }>(Object.entries(sdk));
    for (const [name, { input, gate }] of Object.entries(IOCTL)) {
      const struct = structs.get(input ?? '');
      const isServed = gate === 'vmm' && name !== 'IOCTL_REQUEST_REV_MACHINE_SERVICE';
      if (!isServed || struct === undefined) continue;
      const whole = new Uint8Array(struct.sizeBytes);
      const code = name as keyof typeof IOCTL;
      assert.equal(
        plain.ioctl(code, whole.subarray(1), 0x10000).status,
        DEVICE_STATUS.invalidParameter,
        name,
      );
      assert.equal(plain.ioctl(code, whole, 0).status, DEVICE_STATUS.invalidParameter, name);
    }
  });

  it('rubbish in requests is answered, and never throws', () => {
    const random = new Random(7);
    const plain = PlainDevice.started();
    const codes = Object.values(IOCTL).filter(({ code }) => code !== IOCTL.IOCTL_TERMINATE_VMX.code);
    for (let round = 0; round < 4000; round++) {
      const { code } = codes[random.below(codes.length)]!;
      const input = Uint8Array.from({ length: random.below(200) }, () =>
        random.below(random.below(2) === 0 ? 3 : 256),
      );
      const room = random.below(2) === 0 ? 40_000 : random.below(400);
      const { status, bytes } = plain.device.ioctl(code, input, room);
      assert.ok(bytes.length <= room, `${code.toString(16)} returned more than there is room for`);
      assert.ok([0, 1, 87].includes(status), `${code.toString(16)} gave ${status}`);
    }
  });

  describe('the waiting request (4)', () => {
    it('is completed by the next message, one message a request', () => {
      const plain = PlainDevice.started();
      const answers: DeviceAnswer[] = [];
      const pend = () => plain.device.pend(NOTIFY, MESSAGE_BUFFER_BYTES, (answer) => answers.push(answer));
      pend();
      assert.equal(answers.length, 0);
      plain.device.message(Number(TAG), 'one', true);
      plain.device.message(Number(TAG), 'two', true);
      pend();
      const texts = answers.map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
      assert.deepEqual(texts, ['\0\0\0\x01one\0', '\0\0\0\x01two\0']);
    });

    it('is one: a second completes at once, successful and empty; a short one is refused', () => {
      const plain = PlainDevice.started();
      const answers: (DeviceAnswer & { of: string })[] = [];
      const pend = (of: string, input = NOTIFY, size = MESSAGE_BUFFER_BYTES) =>
        plain.device.pend(input, size, (answer) => answers.push({ of, ...answer }));
      pend('first');
      pend('second');
      pend('short input', NOTIFY.subarray(1));
      pend('short output', NOTIFY, MESSAGE_BUFFER_BYTES - 1);
      pend('event based', sdk.REGISTER_NOTIFY_BUFFER.encode({ Type: 1, hEvent: 4n }));
      plain.device.cancel();
      plain.device.cancel();
      assert.deepEqual(answers, [
        { of: 'second', status: 0, bytes: NONE },
        { of: 'short input', status: 87, bytes: NONE },
        { of: 'short output', status: 87, bytes: NONE },
        { of: 'event based', status: 87, bytes: NONE },
        { of: 'first', status: 995, bytes: NONE },
      ]);
    });

    it('long texts come in pieces that fit, each with its NUL', () => {
      const plain = PlainDevice.started();
      const text = 'abcdefghij'.repeat(1000);
      plain.device.message(Number(TAG), text, true);
      let whole = '';
      for (let message = plain.read(); message !== undefined; message = plain.read()) {
        assert.ok(message.payload.length <= 4095);
        assert.equal(message.payload.at(-1), 0);
        whole += Buffer.from(message.payload.subarray(0, -1)).toString();
      }
      assert.equal(whole, text);
    });

    it('unloading drops events and closes the gate; the end mark comes behind what is unread (3.3)', () => {
      const plain = PlainDevice.started();
      plain.ioctl('IOCTL_DEBUGGER_REGISTER_EVENT', eventBytes(), 168);
      plain.device.log(1, 'still unread');
      assert.deepEqual(plain.ioctl('IOCTL_TERMINATE_VMX', NONE, 0), { status: 0, bytes: NONE });
      assert.equal(plain.events.events().length, 0);
      plain.ioctl('IOCTL_RETURN_IRP_PENDING_PACKETS_AND_DISALLOW_IOCTL', NONE, 0);
      const operations = [plain.read()?.operation, plain.read()?.operation];
      assert.deepEqual(operations, [1, OPERATION.OPERATION_HYPERVISOR_DRIVER_END_OF_IRPS]);
      assert.equal(plain.ioctl('IOCTL_DEBUGGER_MODIFY_EVENTS', new Uint8Array(24)).bytes.length, 0);
    });
  });

  const eventBytes = (event: Partial<Parameters<typeof recordOfEvent>[0]> = {}) => {
    const { record, tail } = recordOfEvent({ ...EVENT, ...event });
    return sdk.DEBUGGER_GENERAL_EVENT_DETAIL.encode(record, tail);
  };
  const result = ({ bytes }: DeviceAnswer) => sdk.DEBUGGER_EVENT_AND_ACTION_RESULT.decode(bytes);

  it('registers events and adds actions, but no break (1, TRAP)', () => {
    const plain = PlainDevice.started();
    assert.ok(result(plain.ioctl('IOCTL_DEBUGGER_REGISTER_EVENT', eventBytes())).IsSuccessful);
    const refused = result(plain.ioctl('IOCTL_DEBUGGER_REGISTER_EVENT', eventBytes({ processId: 9 })));
    assert.deepEqual(refused, { IsSuccessful: false, Error: E.DEBUGGER_ERROR_INVALID_PROCESS_ID });
    const add = (bytes: Uint8Array) => result(plain.ioctl('IOCTL_DEBUGGER_ADD_ACTION_TO_EVENT', bytes));
    const breakAction = recordOfAction(TAG, { kind: 'break' }, true).record;
    assert.deepEqual(add(sdk.DEBUGGER_GENERAL_ACTION.encode(breakAction)), {
      IsSuccessful: false,
      Error: E.DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED,
    });
    const code = recordOfAction(TAG, { kind: 'code', bytes: Uint8Array.of(1), bufferSizeBytes: 0 }, true);
    assert.ok(add(sdk.DEBUGGER_GENERAL_ACTION.encode(code.record, code.tail)).IsSuccessful);
    // The size field promises a byte that did not come (5.3, TRAP).
    assert.equal(
      add(sdk.DEBUGGER_GENERAL_ACTION.encode(code.record)).Error,
      E.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_ACTION_BUFFER,
    );
    const query = plain.exchange('IOCTL_DEBUGGER_MODIFY_EVENTS', sdk.DEBUGGER_MODIFY_EVENTS, { Tag: TAG });
    assert.deepEqual([query.KernelStatus, query.IsEnabled], [BigInt(OK), true]);
  });

  it('flush tells how many messages of each pool it marked read', () => {
    const plain = PlainDevice.started();
    plain.device.log(1, 'from a handler');
    plain.device.message(Number(TAG), 'a', true);
    plain.device.message(Number(TAG), 'b', true);
    const flushed = plain.exchange(
      'IOCTL_DEBUGGER_FLUSH_LOGGING_BUFFERS',
      sdk.DEBUGGER_FLUSH_LOGGING_BUFFERS,
      {},
    );
    assert.deepEqual(flushed, {
      KernelStatus: OK,
      CountOfMessagesThatSetAsReadFromVmxRoot: 2,
      CountOfMessagesThatSetAsReadFromVmxNonRoot: 1,
    });
    assert.equal(plain.read(), undefined);
  });

  it('breakpoints name a real process, and 100 fit between two continues', () => {
    const plain = PlainDevice.started();
    const set = (address: bigint, more: object = {}) =>
      plain.exchange('IOCTL_SET_BREAKPOINT_USER_DEBUGGER', sdk.DEBUGGEE_BP_PACKET, {
        Address: address,
        Pid: PROCESS_ID,
        Tid: ALL,
        Core: ALL,
        ...more,
      }).Result;
    assert.equal(set(PAGE, { Pid: ALL }), E.DEBUGGER_ERROR_INVALID_PROCESS_ID);
    assert.equal(set(PAGE, { Core: 7 }), E.DEBUGGER_ERROR_INVALID_CORE_ID);
    assert.equal(set(0x10n), E.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS);
    for (let i = 0n; i < 100n; i++) assert.equal(set(PAGE + i), OK);
    assert.equal(set(PAGE + 200n), E.DEBUGGER_ERROR_MAXIMUM_BREAKPOINT_WITHOUT_CONTINUE);
    plain.device.breakpoints.continued();
    assert.equal(set(PAGE + 200n), OK);
  });

  it('MSRs by core; a number that is none is refused instead of crashing (6.5, TRAP)', () => {
    const plain = PlainDevice.started();
    const ask = (record: object, room = 16) =>
      plain.ioctl(
        'IOCTL_DEBUGGER_READ_OR_WRITE_MSR',
        sdk.DEBUGGER_READ_AND_WRITE_ON_MSR.encode(record),
        room,
      );
    const efer = { Msr: 0xc0000080n };
    assert.deepEqual(numbersTail.decode(ask({ ...efer, CoreNumber: ALL }).bytes), [0xd01n, 0xd01n]);
    assert.deepEqual(numbersTail.decode(ask({ ...efer, CoreNumber: 1 }, 8).bytes), [0xd01n]);
    assert.deepEqual(ask({ ...efer, CoreNumber: 0, ActionType: 1, Value: 0xd00n }), {
      status: 0,
      bytes: NONE,
    });
    assert.equal(plain.target.msrs.get(0xc0000080), 0xd00n);
    for (const wrong of [
      { ...efer, CoreNumber: 2 },
      { Msr: 0x1234n, CoreNumber: 0 },
      { ...efer, CoreNumber: 0, ActionType: 2 },
    ])
      assert.equal(ask(wrong).status, DEVICE_STATUS.invalidParameter);
    assert.equal(ask({ ...efer, CoreNumber: ALL }, 8).status, DEVICE_STATUS.invalidParameter);
  });

  it('lists processes, threads and modules', () => {
    const plain = PlainDevice.started();
    const query = sdk.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS;
    const count = (QueryType: number) =>
      plain.exchange('IOCTL_QUERY_COUNT_OF_ACTIVE_PROCESSES_OR_THREADS', query, { QueryType });
    assert.deepEqual([count(1).Count, count(2).Count, count(2).Result], [1, 3, BigInt(OK)]);
    assert.equal(count(9).Result, BigInt(E.DEBUGGER_ERROR_UNABLE_TO_QUERY_COUNT_OF_PROCESSES_OR_THREADS));
    const list = (QueryType: number, room: number) =>
      plain.ioctl('IOCTL_GET_LIST_OF_THREADS_AND_PROCESSES', query.encode({ QueryType }), room).bytes;
    assert.equal(sdk.DEBUGGEE_PROCESS_LIST_DETAILS_ENTRY.decode(list(3, 120)).ProcessId, PROCESS_ID);
    const threads = list(4, 40 * 5);
    const entry = sdk.DEBUGGEE_THREAD_LIST_DETAILS_ENTRY;
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => entry.decode(threads, 40 * index).ThreadId),
      [THREAD_ID, THREAD_ID + 1, THREAD_ID + 2, 0],
    );
    // The walk stops one before the capacity.
    assert.equal(entry.decode(list(4, 80), 40).ThreadId, 0);
    const modules = sdk.USERMODE_LOADED_MODULE_DETAILS;
    const ask = (record: object, room: number) =>
      plain.ioctl('IOCTL_GET_USER_MODE_MODULE_DETAILS', modules.encode(record), room).bytes;
    assert.equal(modules.decode(ask({ ProcessId: PROCESS_ID, OnlyCountModules: true }, 16)).ModulesCount, 2);
    const answer = ask({ ProcessId: PROCESS_ID }, 16 + 2 * 536);
    const first = sdk.USERMODE_LOADED_MODULE_SYMBOLS.decode(answer, 16);
    assert.deepEqual([first.BaseAddress, first.FilePath], [PAGE, '/home/user/größe']);
    const wrong = modules.decode(ask({ ProcessId: 9 }, 16));
    assert.equal(wrong.Result, E.DEBUGGER_ERROR_UNABLE_TO_GET_MODULES_OF_THE_PROCESS);
  });

  it('requests of the debugger mode are refused', () => {
    const plain = PlainDevice.started();
    const pause = plain.exchange('IOCTL_PAUSE_PACKET_RECEIVED', sdk.DEBUGGER_PAUSE_PACKET_RECEIVED, {});
    assert.equal(pause.Result, E.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED);
    const prepare = plain.exchange('IOCTL_PREPARE_DEBUGGEE', sdk.DEBUGGER_PREPARE_DEBUGGEE, {});
    assert.equal(prepare.Result, E.DEBUGGER_ERROR_PREPARING_DEBUGGEE_INVALID_SERIAL_PORT);
    const text = sdk.DEBUGGER_SEND_USERMODE_MESSAGES_TO_DEBUGGER;
    assert.equal(
      plain.ioctl('IOCTL_SEND_USERMODE_MESSAGES_TO_DEBUGGER', text.encode({ Length: 3 }, new Uint8Array(2)))
        .status,
      DEVICE_STATUS.invalidParameter,
    );
  });

  describe('pools for events while halted (5.8)', () => {
    it('20 regular events with 100 condition bytes and 20 actions with 8192 bytes, no big ones', () => {
      const pools = new InstantPools();
      const take = (count: number, body: () => unknown) => Array.from({ length: count }, body).at(-1);
      assert.equal(typeof take(20, () => pools.takeEvent(100)), 'object');
      assert.equal(pools.takeEvent(0), E.DEBUGGER_ERROR_INSTANT_EVENT_REGULAR_PREALLOCATED_BUFFER_NOT_FOUND);
      assert.equal(pools.takeEvent(101), E.DEBUGGER_ERROR_INSTANT_EVENT_BIG_PREALLOCATED_BUFFER_NOT_FOUND);
      assert.equal(
        pools.takeEvent(1 << 20),
        E.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_EVENT_AND_CONDITIONALS,
      );
      assert.equal(typeof take(20, () => pools.takeAction(8192, 0)), 'object');
      assert.equal(
        pools.takeAction(1, 0),
        E.DEBUGGER_ERROR_INSTANT_EVENT_ACTION_REGULAR_PREALLOCATED_BUFFER_NOT_FOUND,
      );
      assert.equal(
        pools.takeAction(8193, 0),
        E.DEBUGGER_ERROR_INSTANT_EVENT_ACTION_BIG_PREALLOCATED_BUFFER_NOT_FOUND,
      );
    });

    it('safe buffers and hooks have pools of their own; a refused action takes nothing', () => {
      const pools = new InstantPools();
      const before = pools.free;
      assert.equal(
        pools.takeAction(10, 100),
        E.DEBUGGER_ERROR_INSTANT_EVENT_REGULAR_REQUESTED_SAFE_BUFFER_NOT_FOUND,
      );
      assert.deepEqual(pools.free, before);
      const taken = Array.from({ length: 5 }, () => pools.takeHook('epthook')).at(-1);
      assert.equal(typeof taken, 'object');
      assert.equal(pools.takeHook('epthook'), E.DEBUGGER_ERROR_PRE_ALLOCATED_BUFFER_IS_EMPTY);
      if (typeof taken === 'object') pools.release(taken);
      assert.equal(typeof pools.takeHook('epthook'), 'object');
    });

    it('are filled by the reserve request; unknown kinds are refused', () => {
      const plain = PlainDevice.started();
      const reserve = (Type: number, Count: number) =>
        plain.exchange('IOCTL_RESERVE_PRE_ALLOCATED_POOLS', sdk.DEBUGGER_PREALLOC_COMMAND, { Type, Count })
          .KernelStatus;
      assert.equal(reserve(6, 3), OK);
      assert.equal(plain.device.pools.free.regularBuffer, 3);
      assert.equal(typeof plain.device.pools.takeAction(10, 100), 'object');
      assert.equal(reserve(8, 1), E.DEBUGGER_ERROR_COULD_NOT_FIND_ALLOCATION_TYPE);
      const preactivate = (Type: number) =>
        plain.exchange('IOCTL_PREACTIVATE_FUNCTIONALITY', sdk.DEBUGGER_PREACTIVATE_COMMAND, { Type })
          .KernelStatus;
      assert.deepEqual(
        [preactivate(0), preactivate(1)],
        [OK, E.DEBUGGER_ERROR_COULD_NOT_FIND_PREACTIVATION_TYPE],
      );
    });
  });
});
