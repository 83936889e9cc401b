import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { encodeFrame } from '../../../../driver/kd/frame';
import type { Packet } from '../../../../driver/kd/packet';
import { ANSWER, packetByAction, REQUEST } from '../../../../driver/kd/packets';
import { stopOfRecord } from '../../../../driver/kd/stop-record';
import * as sdk from '../../../../driver/sdk/structs.generated';
import {
  DEBUGGER_ERROR,
  KD_RESPONSE,
  OPERATION,
  REGS_ENUM,
  SDK,
} from '../../../../driver/sdk/tables.generated';
import { projectFile } from '../../../project-root';
import { Random } from '../../../random';
import { PAGE, PROCESS_ID } from './plain-machine';
import { Bench } from './server-bench';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const ALL = 0xffffffff;

const folder = projectFile('test/vectors/kd');
const recorded = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => {
    const commands = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as {
      command: string;
      frames: { dir: string; hex: string; summary: { type: number; action: number } }[];
    }[];
    return commands.flatMap(({ command, frames }) =>
      frames.filter((frame) => frame.dir === 'to-debuggee').map((frame) => ({ command, ...frame })),
    );
  });

describe('debuggee side of the wire', () => {
  it('greets until a debugger answers, then tells that it has started and its modules', () => {
    const bench = new Bench();
    bench.server.ping();
    bench.server.ping();
    assert.equal(bench.server.state, 'handshake');
    bench.send(REQUEST.version, 'any');
    bench.server.ping();
    assert.equal(bench.server.state, 'running');
    assert.deepEqual(
      bench.frames.map((frame) => packetByAction(frame.action)?.name),
      [
        'PING_AND_SEND_SUPPORTED_VERSION',
        'PING_AND_SEND_SUPPORTED_VERSION',
        'DEBUGGEE_STARTED',
        'DEBUGGEE_UPDATE_SYMBOL_INFO',
        'DEBUGGEE_UPDATE_SYMBOL_INFO',
        'DEBUGGEE_RELOAD_SYMBOL_FINISHED',
      ],
    );
    assert.equal(ANSWER.started.decode(bench.frames[2]!.payload).OsName, 'plain machine');
    assert.equal(bench.frames[2]!.payload.length, 256);
  });

  it('nothing is said, and nothing halts, before a debugger is there and after it has left', () => {
    const bench = new Bench();
    const say = () => {
      bench.server.message(1, 'text');
      bench.server.stop({ reason: 'event', eventTag: 1n, stage: 'pre' });
      bench.server.sendBuffer(1n, Uint8Array.of(1));
      bench.server.sendModules();
    };
    say();
    assert.deepEqual([bench.frames, bench.server.state], [[], 'handshake']);
    bench.halt().send(REQUEST.close, undefined);
    assert.deepEqual([bench.server.state, bench.server.takeResume()], ['closed', { kind: 'continue' }]);
    say();
    assert.deepEqual([bench.frames, bench.server.state], [[], 'closed']);
  });

  it('a pause request is given once, and a stop of any reason answers it', () => {
    const bench = new Bench();
    bench.send(REQUEST.version, 'any');
    bench.send(REQUEST.pause, undefined);
    assert.deepEqual([bench.server.takePauseRequest(), bench.server.takePauseRequest()], [true, false]);
    bench.send(REQUEST.pause, undefined);
    bench.server.stop({ reason: 'breakpoint', eventTag: 3n });
    assert.equal(bench.server.takePauseRequest(), false);
    const stop = stopOfRecord(bench.answer(ANSWER.stopped));
    assert.deepEqual([stop.reason, stop.eventTag, stop.rip], ['breakpoint', 3n, PAGE]);
  });

  it('requests for the other state are dropped with a warning, and never answered', () => {
    const bench = new Bench();
    bench.send(REQUEST.version, 'any');
    bench.frames.length = 0;
    bench.send(REQUEST.continue, undefined);
    assert.match(bench.texts()[0]!, /ON_VMX_ROOT_MODE_CONTINUE came while the target runs and was dropped/);
    bench.halt();
    bench.server.receive(encodeFrame({ type: 1, action: 99, payload: new Uint8Array(0) }));
    bench.server.receive(encodeFrame({ type: 1, action: REQUEST.step.action, payload: Uint8Array.of(1) }));
    bench.server.receive(Uint8Array.of(1, 2, 3, 0x00, 0x80, 0xee, 0xff));
    assert.deepEqual(
      bench.texts().map((text) => text.replace(/^.*?(dropped|not one)/, '$1')),
      [
        'not one for a halted target and was dropped',
        'dropped: DEBUGGEE_STEP_PACKET needs 12 bytes, there are 1',
        'dropped: not a HyperDbg frame',
      ],
    );
    assert.equal(bench.frames.length, 3);
  });

  it('every request that the original client sends gets its answer', () => {
    const responseOf = new Map(KD_RESPONSE);
    let bench = new Bench();
    let answered = 0;
    assert.equal(recorded.length, 240);
    for (const { command, hex, summary } of recorded) {
      if (summary.type !== 1) continue;
      if (bench.server.state !== 'halted') bench.halt();
      bench.frames.length = 0;
      bench.server.receive(Buffer.from(hex, 'hex'));
      if (bench.server.state === 'closed') {
        bench = new Bench();
        continue;
      }
      const response = responseOf.get(summary.action);
      const actions = bench.frames.map((frame) => frame.action);
      const isStepping = bench.server.state === 'running';
      const isSilent = summary.action === REQUEST.userInput.action && actions.length === 1;
      if (response === undefined || response === null || isStepping || isSilent) continue;
      assert.ok(actions.includes(response), `${command}: ${actions.join()}`);
      answered++;
    }
    assert.ok(answered > 190, `${answered} answers`);
  });

  it('rubbish in requests never throws', () => {
    const random = new Random(7);
    const bench = new Bench();
    const packets = Object.values(REQUEST).filter((packet) => packet.type === 1 && packet !== REQUEST.close);
    for (let round = 0; round < 4000; round++) {
      if (bench.server.state !== 'halted') bench.halt();
      const { type, action } = random.pick<Packet<never>>(packets as Packet<never>[]);
      const payload = Uint8Array.from({ length: random.below(250) }, () =>
        random.below(3) === 0 ? random.below(256) : 0,
      );
      bench.server.receive(encodeFrame({ type, action, payload }));
      bench.frames.length = 0;
    }
  });
});

describe('debuggee side of the wire: requests', () => {
  it('memory is read up to the first page that is missing', () => {
    const bench = new Bench().halt();
    const read = (change: Partial<ReturnType<typeof sdk.DEBUGGER_READ_MEMORY.zero>>) => {
      bench.send(REQUEST.readMemory, { ...sdk.DEBUGGER_READ_MEMORY.zero(), MemoryType: 1, ...change });
      const { record, tail } = bench.answer(ANSWER.readMemory);
      return [record.KernelStatus, record.ReturnLength, tail.length];
    };
    const failed = [DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER, 0, 0];
    assert.deepEqual(read({ Address: PAGE, Size: 0x3000 }), [OK, 0x2000, 0x2000]);
    assert.deepEqual(read({ Address: PAGE + 0x1000000n, Size: 4, MemoryType: 0 }), [OK, 4, 4]);
    assert.deepEqual(read({ Address: 1n, Size: 4 }), failed);
    assert.deepEqual(read({ Address: PAGE, Size: 0 }), failed);
    assert.deepEqual(read({ Address: PAGE, Size: 0x7fffffff }), failed);
  });

  it('memory is edited in three widths; counts that the payload does not hold are refused', () => {
    const bench = new Bench().halt();
    const edit = (byteSize: number, values: bigint[], count = values.length) => {
      const record = {
        ...sdk.DEBUGGER_EDIT_MEMORY.zero(),
        Address: PAGE,
        ByteSize: byteSize,
        CountOf64Chunks: count,
      };
      bench.send(REQUEST.editMemory, { record, tail: values });
      return bench.answer(ANSWER.editMemory).Result;
    };
    assert.equal(edit(2, [0x1111111111111111n, 0x2222222222222222n]), OK);
    assert.equal(edit(1, [0x3333333333n]), OK);
    assert.equal(edit(0, [0x144n, 0x155n]), OK);
    const bytes = bench.machine.memory.read(PAGE, 10)!;
    assert.equal(Buffer.from(bytes).toString('hex'), '44553333111111112222');
    const invalid = DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_PARAMETER;
    assert.deepEqual([edit(3, [1n]), edit(0, [1n], 2), edit(0, [])], [invalid, invalid, invalid]);
  });

  it('search finds whole patterns', () => {
    const bench = new Bench().halt();
    bench.machine.memory.write(PAGE + 0x10n, Uint8Array.of(1, 2, 3, 1, 2, 4, 1, 2, 3));
    const record = { ...sdk.DEBUGGER_SEARCH_MEMORY.zero(), Address: PAGE, Length: 0x100n, MemoryType: 1 };
    bench.send(REQUEST.search, { record: { ...record, CountOf64Chunks: 3 }, tail: [1n, 2n, 3n] });
    assert.deepEqual(bench.texts(), ['0000000000400010\n', '0000000000400016\n']);
    assert.deepEqual(bench.answer(ANSWER.search), { CountOfResults: 2, Result: OK });
  });

  it('page tables and stack slots', () => {
    const bench = new Bench().halt();
    const pageTable = (VirtualAddress: bigint) => {
      bench.send(REQUEST.pageTable, {
        ...sdk.DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS.zero(),
        VirtualAddress,
      });
      return bench.answer(ANSWER.pageTable);
    };
    assert.deepEqual([pageTable(PAGE).PteValue, pageTable(PAGE).KernelStatus], [4n, OK]);
    assert.equal(pageTable(5n).KernelStatus, DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS);

    bench.machine.memory.write(PAGE + 0x100n, new Uint8Array(BigUint64Array.of(PAGE + 0x20n, 5n).buffer));
    bench.machine.memory.write(PAGE + 0x19n, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
    const record = { ...sdk.DEBUGGER_CALLSTACK_REQUEST.zero(), BaseAddress: PAGE + 0x100n, FrameCount: 2 };
    const frame = sdk.DEBUGGER_SINGLE_CALLSTACK_FRAME.zero();
    bench.send(REQUEST.callStack, { record, tail: [frame, frame] });
    const stack = bench.answer(ANSWER.callStack);
    assert.deepEqual(
      stack.tail.map((slot) => [slot.Value, slot.IsValidAddress, [...slot.InstructionBytesOnRip]]),
      [
        [PAGE + 0x20n, true, [1, 2, 3, 4, 5, 6, 7]],
        [5n, false, [0, 0, 0, 0, 0, 0, 0]],
      ],
    );
  });

  it('breakpoints look at process, thread and core, can be switched off, and one-shot ones go', () => {
    const bench = new Bench().halt();
    const set = (address: bigint, change: object = {}) => {
      const record = {
        ...sdk.DEBUGGEE_BP_PACKET.zero(),
        Address: address,
        Pid: ALL,
        Tid: ALL,
        Core: ALL,
        ...change,
      };
      bench.send(REQUEST.setBreakpoint, record);
      return bench.answer(ANSWER.setBreakpoint).Result;
    };
    const modify = (Request: number, BreakpointId: bigint) => {
      bench.send(REQUEST.modifyBreakpoints, { Request, BreakpointId, Result: 0 });
      return bench.answer(ANSWER.modifyBreakpoints).Result;
    };
    assert.equal(set(PAGE, { Pid: 9 }), DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_PROCESS_ID);
    assert.equal(set(PAGE, { Core: 2 }), DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_CORE_ID);
    assert.equal(
      set(5n),
      DEBUGGER_ERROR.DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS,
    );
    assert.equal(set(PAGE, { Pid: PROCESS_ID, Core: 1, RemoveAfterHit: true }), OK);
    assert.equal(bench.server.breakpointHit(PAGE), undefined);
    bench.machine.currentCore = 1;
    assert.deepEqual([bench.server.breakpointHit(PAGE), bench.server.breakpointHit(PAGE)], [1n, undefined]);
    assert.equal(set(PAGE, { Tid: 7 }), OK);
    assert.equal(bench.server.breakpointHit(PAGE), undefined);
    assert.equal(modify(2, 2n), OK);
    assert.equal(modify(2, 2n), DEBUGGER_ERROR.DEBUGGER_ERROR_BREAKPOINT_ALREADY_DISABLED);
    assert.equal(bench.machine.breakpoints.size, 0);
    assert.equal(modify(1, 2n), OK);
    assert.equal(bench.machine.breakpoints.size, 1);
    bench.send(REQUEST.modifyBreakpoints, { Request: 0, BreakpointId: 0n, Result: 0 });
    assert.deepEqual(bench.texts(), ['2\t0000000000400000\tenabled\n']);
  });

  it('sizes that a request promises but does not bring are refused (5.3)', () => {
    const bench = new Bench().halt();
    const event = { ...sdk.DEBUGGER_GENERAL_EVENT_DETAIL.zero(), ConditionBufferSize: 10, Tag: 0x1000001n };
    bench.send(REQUEST.registerEvent, { record: event, tail: new Uint8Array(9) });
    assert.equal(
      bench.answer(ANSWER.registerEvent).Error,
      DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_EVENT_AND_CONDITIONALS,
    );
    const action = { ...sdk.DEBUGGER_GENERAL_ACTION.zero(), EventTag: 0x1000001n };
    bench.send(REQUEST.addAction, { record: { ...action, ActionType: 9 }, tail: new Uint8Array(0) });
    assert.equal(bench.answer(ANSWER.addAction).Error, DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ACTION_TYPE);
    const code = { ...action, ActionType: 2, CustomCodeBufferSize: 4 };
    bench.send(REQUEST.addAction, { record: code, tail: new Uint8Array(3) });
    const { IsSuccessful, Error } = bench.answer(ANSWER.addAction);
    assert.deepEqual(
      [IsSuccessful, Error],
      [
        false,
        DEBUGGER_ERROR.DEBUGGER_ERROR_INSTANT_EVENT_PREALLOCATED_BUFFER_IS_NOT_ENOUGH_FOR_ACTION_BUFFER,
      ],
    );
  });

  it('long text goes in pieces, text outside Latin-1 as UTF-8', () => {
    const bench = new Bench().halt();
    bench.server.message(OPERATION.OPERATION_LOG_INFO_MESSAGE, 'x'.repeat(5000));
    assert.deepEqual(
      bench.texts().map((text) => text.length),
      [SDK.PacketChunkSize - 1, 5000 - SDK.PacketChunkSize + 1],
    );
    bench.frames.length = 0;
    bench.server.message(OPERATION.OPERATION_LOG_INFO_MESSAGE, '€');
    assert.deepEqual(bench.texts(), ['€']);
  });

  it('a stop near the end of the mapped memory carries what can be read', () => {
    const bench = new Bench().halt();
    bench.machine.writeRegister(REGS_ENUM.REGISTER_RIP, PAGE + 0x1ffdn);
    bench.server.stop({ reason: 'step' });
    assert.equal(stopOfRecord(bench.answer(ANSWER.stopped)).instructionBytes.length, 3);
  });
});
