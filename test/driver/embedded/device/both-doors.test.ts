/** One table of requests, two transports: kernel-debugger frames and control requests. */

import assert from 'node:assert/strict';
import type { ByteStream } from '../../../../driver/byte-stream';
import type {
  ActionRequest,
  AddressSpace,
  Debuggee,
  EventRequest,
  EventVerb,
  RegisterFile,
} from '../../../../driver/debuggee';
import { DriverError } from '../../../../driver/driver-error';
import { startEmbeddedMachine, type EmbeddedMachine } from '../../../../driver/embedded/embedded-machine';
import { encodeFrame, FrameReader } from '../../../../driver/kd/frame';
import { connectKdDebuggee } from '../../../../driver/kd/kd-debuggee';
import type { Packet } from '../../../../driver/kd/packet';
import { ANSWER, REQUEST } from '../../../../driver/kd/packets';
import {
  DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS,
  DEBUGGER_SEARCH_MEMORY,
} from '../../../../driver/sdk/structs.generated';
import { VMM_EVENT_TYPE_ENUM as TYPE } from '../../../../driver/sdk/tables.generated';
import type { StructOf } from '../../../../driver/sdk/layout';
import { compileScript } from '../../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../../script-engine/compiler/global-table';
import { skipWithoutCpu } from '../../../skip';
import { buildGuest, type GuestProgram } from '../guest-programs';
import { code } from '../session';
import { DeviceSession } from './device-session';

type Walk = StructOf<typeof DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS>;

interface Door {
  registerEvent(event: EventRequest): Promise<void>;
  addAction(tag: bigint, action: ActionRequest, immediate: boolean): Promise<void>;
  modifyEvent(tag: bigint | 'all', verb: EventVerb): Promise<boolean>;
  readMemory(address: bigint, sizeBytes: number, space?: AddressSpace): Promise<Uint8Array>;
  writeMemory(address: bigint, bytes: Uint8Array, space?: AddressSpace): Promise<void>;
  translate(address: bigint): Promise<bigint | undefined>;
  pageTable(address: bigint): Promise<Walk>;
  search(address: bigint, sizeBytes: number, pattern: Uint8Array): Promise<readonly bigint[]>;
  readRegisters(): Promise<RegisterFile>;
  /** Lets the program run to its end; what its events printed, its exit code. */
  finish(): Promise<{ texts: readonly string[]; code: number }>;
  dispose(): Promise<void>;
}

/** The debuggee, and requests that it has no method for, sent as frames beside it. */
class KdDoor {
  readonly texts: string[] = [];
  readonly #reader = new FrameReader();
  #take: ((action: number, payload: Uint8Array) => void) | undefined;
  #listener: ((bytes: Uint8Array) => void) | undefined;

  private constructor(
    readonly machine: EmbeddedMachine,
    readonly ended: Promise<number>,
  ) {
    machine.stream.onBytes((bytes) => {
      for (const item of this.#reader.push(bytes))
        if (item.kind === 'frame') this.#take?.(item.frame.action, item.frame.payload);
      this.#listener?.(bytes);
    });
  }

  static async open(program: string): Promise<Door> {
    const machine = await startEmbeddedMachine({ program, arguments: [], environment: { NAME: 'value' } });
    const ended = new Promise<number>((resolve) =>
      machine.onConsole((event) => event.kind === 'exited' && resolve(event.code)),
    );
    const door = new KdDoor(machine, ended);
    const stream: ByteStream = {
      description: 'tapped',
      send: (bytes) => machine.stream.send(bytes),
      onBytes: (listener) => (door.#listener = listener),
      onClosed: (listener) => machine.stream.onClosed(listener),
      close: () => machine.stream.close(),
    };
    const debuggee = await connectKdDebuggee(stream);
    debuggee.listen({ message: ({ kind, text }) => kind === 'script' && door.texts.push(text) });
    await debuggee.pause();
    return door.#over(debuggee);
  }

  #over(debuggee: Debuggee): Door {
    return {
      registerEvent: (event) => debuggee.registerEvent(event),
      addAction: (tag, action, immediate) => debuggee.addAction(tag, action, immediate),
      modifyEvent: (tag, verb) => debuggee.modifyEvent(tag, verb),
      readMemory: (address, size, space) => debuggee.readMemory(address, size, space),
      writeMemory: (address, bytes, space) => debuggee.writeMemory(address, bytes, space),
      translate: (address) => debuggee.translate(address),
      readRegisters: () => debuggee.readRegisters(),
      pageTable: async (VirtualAddress) => {
        const question = { ...DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS.zero(), VirtualAddress };
        const [answer] = await this.#ask(REQUEST.pageTable, question, ANSWER.pageTable);
        if (answer.KernelStatus !== 0xffffffff)
          throw new DriverError('page table', answer.KernelStatus, 'refused');
        return answer;
      },
      search: async (Address, size, pattern) => {
        const record = {
          ...DEBUGGER_SEARCH_MEMORY.zero(),
          ...{ Address, Length: BigInt(size), MemoryType: 1, CountOf64Chunks: pattern.length },
        };
        const [, texts] = await this.#ask(
          REQUEST.search,
          { record, tail: Array.from(pattern, BigInt) },
          ANSWER.search,
        );
        return texts.map((text) => BigInt(`0x${text.trim()}`));
      },
      finish: async () => {
        await debuggee.resume();
        return { code: await this.ended, texts: this.texts };
      },
      dispose: () => this.machine.dispose(),
    };
  }

  #ask<V, A>(packet: Packet<V>, value: V, answer: Packet<A>): Promise<[A, string[]]> {
    const texts: string[] = [];
    return new Promise((resolve) => {
      this.#take = (action, payload) => {
        if (action === ANSWER.log.action)
          texts.push(Buffer.from(ANSWER.log.decode(payload).bytes).toString());
        if (action !== answer.action) return;
        this.#take = undefined;
        resolve([answer.decode(payload), texts]);
      };
      this.machine.stream.send(
        encodeFrame({ type: packet.type, action: packet.action, payload: packet.encode(value) }),
      );
    });
  }
}

async function openDevice(program: string): Promise<Door> {
  const session = await DeviceSession.start(program);
  const { client, user } = session;
  const thread = await session.stopAtFirstInstruction();
  return {
    registerEvent: (event) => client.registerEvent(event),
    addAction: (tag, action, immediate) => client.addAction(tag, action, immediate),
    modifyEvent: (tag, verb) => client.modifyEvent(tag, verb),
    readMemory: (address, size, space) => client.readMemory(address, size, space),
    writeMemory: (address, bytes, space) => client.writeMemory(address, bytes, space),
    translate: (address) => client.translate(address),
    pageTable: (address) => client.pageTable(address),
    search: (address, size, pattern) => client.search(address, size, pattern),
    readRegisters: () => user.readRegisters(thread),
    finish: async () => {
      await user.verb('continue', { Token: thread.token });
      const end = await session.ended;
      // Asked behind everything that was printed.
      await client.stopVmm();
      await session.reading;
      return { code: end.kind === 'exited' ? end.code : -1, texts: session.scriptTexts };
    },
    dispose: () => session.machine.dispose(),
  };
}

const PROGRAM = `
#include <stdio.h>
char text[64] __attribute__((aligned(4096))) = "needle in a haystack with another needle";
volatile long cell = 7;
__attribute__((noinline)) long twice(long x) { __asm__ volatile(""); return 2 * x; }
int main(void) { return (int)(twice(3) + twice(4) + cell); }`;

const ALL = 0xffffffff;
const TAG = 0x1000000n;

function event(more: Partial<EventRequest>): EventRequest {
  return {
    ...{ tag: TAG, type: TYPE.HIDDEN_HOOK_EXEC_CC, coreId: ALL, processId: ALL, stage: 1 as const },
    ...{ shortCircuit: false, options: [], condition: undefined },
    ...more,
  };
}

function script(source: string, bufferSizeBytes = 0): ActionRequest {
  const { script: compiled } = compileScript(source, { globals: new GlobalTable() });
  return { kind: 'script', bytes: compiled!.bytes, symbolCount: compiled!.symbolCount, bufferSizeBytes };
}

interface Row {
  readonly name: string;
  readonly ask: (door: Door, guest: GuestProgram) => Promise<unknown>;
  /** What both say; missing where only the agreement counts. */
  readonly expected?: unknown;
}

const refused = (code: string) => `refused: ${code}`;

const ROWS: readonly Row[] = [
  {
    name: 'registers at the first instruction: RIP',
    ask: async (door, guest) => (await door.readRegisters()).rip === guest.symbol('_start'),
    expected: true,
  },
  { name: 'all registers', ask: (door) => door.readRegisters() },
  {
    name: 'memory is read',
    ask: async (door, guest) => Buffer.from(await door.readMemory(guest.symbol('text'), 6)).toString(),
    expected: 'needle',
  },
  {
    name: 'a read ends at what is not mapped',
    ask: async (door) => (await door.readMemory(0x10n, 16)).length,
    expected: 0,
  },
  {
    name: 'memory is written and read back',
    ask: async (door, guest) => {
      await door.writeMemory(guest.symbol('cell'), Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0));
      return [...(await door.readMemory(guest.symbol('cell'), 9)).subarray(0, 2)];
    },
    expected: [9, 0],
  },
  {
    name: 'the same byte through its physical address',
    ask: async (door, guest) => {
      const physical = await door.translate(guest.symbol('cell'));
      return [...(await door.readMemory(physical ?? 0n, 1, 'physical'))];
    },
    expected: [9],
  },
  {
    name: 'a write to nowhere',
    ask: (door) => door.writeMemory(0x10n, Uint8Array.of(1)),
    expected: refused('DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS'),
  },
  {
    name: 'an address is translated, and belongs to its page table entry',
    ask: async (door, guest) => {
      const [physical, { PteValue }] = [
        await door.translate(guest.symbol('text')),
        await door.pageTable(guest.symbol('text')),
      ];
      return physical !== undefined && (PteValue & 0xffff_ffff_f000n) === physical;
    },
    expected: true,
  },
  { name: 'nothing is mapped', ask: (door) => door.translate(0x10n), expected: undefined },
  {
    name: 'page table entries',
    ask: async (door, guest) => ({ ...(await door.pageTable(guest.symbol('text'))), ProcessId: 0 }),
  },
  {
    name: 'page table entries of nothing',
    ask: (door) => door.pageTable(0xffff_f000_0000_0000n),
    expected: refused('DEBUGGER_ERROR_INVALID_ADDRESS'),
  },
  {
    name: 'search',
    ask: async (door, guest) => {
      const found = await door.search(guest.symbol('text'), 0x1000, Buffer.from('needle'));
      return found.map((address) => address - guest.symbol('text'));
    },
    expected: [0n, 34n],
  },
  {
    name: 'an event for a core that is not there',
    ask: (door, guest) => door.registerEvent(event({ options: [guest.symbol('twice')], coreId: 99 })),
    expected: refused('DEBUGGER_ERROR_INVALID_CORE_ID'),
  },
  {
    name: 'an event at an address that is not there',
    ask: (door) => door.registerEvent(event({ options: [0x10n] })),
    expected: refused('DEBUGGER_ERROR_INVALID_ADDRESS'),
  },
  {
    name: 'an action for an event that is not there',
    ask: (door) => door.addAction(TAG + 5n, script('printf("x");'), true),
    expected: refused('DEBUGGER_ERROR_TAG_NOT_EXISTS'),
  },
  {
    name: 'an event is registered, disabled',
    ask: async (door, guest) => {
      await door.registerEvent(event({ options: [guest.symbol('twice')] }));
      return door.modifyEvent(TAG, 'query');
    },
    expected: false,
  },
  {
    name: 'code without bytes',
    ask: (door) => door.addAction(TAG, code(''), true),
    expected: refused('DEBUGGER_ERROR_ACTION_BUFFER_SIZE_IS_ZERO'),
  },
  {
    name: 'a buffer of 1000 bytes',
    ask: (door) => door.addAction(TAG, code('c3', 1000), true),
    expected: refused(
      'DEBUGGER_ERROR_INSTANT_EVENT_REQUESTED_OPTIONAL_BUFFER_IS_BIGGER_THAN_DEBUGGERS_SEND_RECEIVE_STACK',
    ),
  },
  {
    name: 'the first action enables the event',
    ask: async (door) => {
      await door.addAction(TAG, script('printf("rdi %llx ", @rdi);'), true);
      return door.modifyEvent(TAG, 'query');
    },
    expected: true,
  },
  {
    name: 'custom code that changes a register',
    // inc qword [rdx+0x38]: RDI of GUEST_REGS
    ask: (door) => door.addAction(TAG, code('48 ff 42 38 c3'), true),
    expected: undefined,
  },
  {
    name: 'disable, query, enable',
    ask: async (door) => [
      await door.modifyEvent(TAG, 'disable'),
      await door.modifyEvent(TAG, 'query'),
      await door.modifyEvent(TAG, 'enable'),
      await door.modifyEvent(TAG, 'query'),
    ],
    expected: [false, false, true, true],
  },
  {
    name: 'an unknown tag',
    ask: (door) => door.modifyEvent(TAG + 5n, 'clear'),
    expected: refused('DEBUGGER_ERROR_MODIFY_EVENTS_INVALID_TAG'),
  },
  {
    name: 'the event fires: newest action first, text in order, registers changed',
    ask: (door) => door.finish(),
    // twice(4) + twice(5) + 9
    expected: { code: 27, texts: ['rdi 4 ', 'rdi 5 '] },
  },
];

/** The value, or the refusal's name. */
async function outcome(row: Row, door: Door, guest: GuestProgram): Promise<unknown> {
  try {
    return await row.ask(door, guest);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return refused(error.codeName ?? error.message);
  }
}

describe('both doors give the same answers for the same requests', function () {
  this.timeout(30_000);
  const doors: Door[] = [];
  let guest: GuestProgram;
  before(async function () {
    skipWithoutCpu(this);
    guest = buildGuest(this, PROGRAM);
    doors.push(await KdDoor.open(guest.file), await openDevice(guest.file));
  });
  after(() => Promise.all(doors.map((door) => door.dispose())));

  for (const row of ROWS) {
    it(row.name, async () => {
      const [overKd, overIoctl] = [
        await outcome(row, doors[0]!, guest),
        await outcome(row, doors[1]!, guest),
      ];
      assert.deepEqual(overIoctl, overKd);
      if ('expected' in row) assert.deepEqual(overKd, row.expected);
    });
  }
});
