import assert from 'node:assert/strict';
import { startEmbeddedMachine, type EmbeddedMachine } from '../../../driver/embedded/embedded-machine';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import { ALL_REGISTERS } from '../../../driver/kd/special-payloads';
import * as sdk from '../../../driver/sdk/structs.generated';
import { DEBUGGER_ERROR } from '../../../driver/sdk/tables.generated';
import { skipWithoutCpu } from '../../skip';
import { buildGuest, type GuestProgram } from './guest-programs';
import { WireClient } from './wire-client';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const ALL = 0xffffffff;

const THREADS = `
#include <cpuid.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
volatile unsigned long rounds, others;
volatile int is_ready;
__attribute__((noinline)) void turn(void) { rounds++; }
__attribute__((noinline)) void other_turn(void) { others++; }
void *other(void *unused) { is_ready = 1; for (;;) other_turn(); return 0; }
int main(void) {
  unsigned a, b, c, d, e[12];
  __cpuid_count(7, 0, a, b, c, d);
  for (unsigned i = 0; i < 3; i++) __cpuid(0x80000002 + i, e[4 * i], e[4 * i + 1], e[4 * i + 2], e[4 * i + 3]);
  char line[200];
  int n = snprintf(line, sizeof line, "%x %x %x %x %.48s\\n", a, b, c, d, (char *)e);
  write(1, line, n);
  pthread_t thread;
  pthread_create(&thread, 0, other, 0);
  while (!is_ready) ;
  for (;;) turn();
}`;

describe('requests of the debugger, answered by a guest', function () {
  this.timeout(30_000);
  let machine: EmbeddedMachine;
  let client: WireClient;
  let guest: GuestProgram;
  let printed = '';

  beforeEach(async function () {
    skipWithoutCpu(this);
    guest = buildGuest(this, THREADS);
    machine = await startEmbeddedMachine({ program: guest.file, arguments: [] });
    printed = '';
    machine.onConsole((event) => {
      if (event.kind === 'output') printed += Buffer.from(event.bytes).toString();
    });
    client = new WireClient(machine.stream);
    await client.connect();
  });
  afterEach(async () => machine?.dispose());

  const setBreakpoint = async (symbol: string) => {
    const record = {
      ...sdk.DEBUGGEE_BP_PACKET.zero(),
      Address: guest.symbol(symbol),
      Pid: ALL,
      Tid: ALL,
      Core: ALL,
    };
    const answer = await client.ask(REQUEST.setBreakpoint, record, ANSWER.setBreakpoint);
    assert.equal(answer.Result, OK);
  };
  const proceed = () => client.ask(REQUEST.continue, undefined, ANSWER.stopped);
  const runTo = async (symbol: string) => {
    await setBreakpoint(symbol);
    const stop = await proceed();
    assert.deepEqual([stop.PausingReason, stop.Rip], [5, guest.symbol(symbol)]);
  };
  const ship = async (line: string) => {
    const tail = Buffer.from(`${line}\0`);
    client.frames.length = 0;
    await client.ask(
      REQUEST.userInput,
      { record: { CommandLen: tail.length, IgnoreFinishedSignal: false, Result: 0 }, tail },
      ANSWER.stopped,
    );
    return client.texts().join('');
  };
  const registers = async () => {
    const question = { registerId: ALL_REGISTERS, unused: new Uint8Array(0) };
    return (await client.ask(REQUEST.readRegisters, question, ANSWER.readRegisters)).all!;
  };

  it('CPUID is what the guest itself sees', async () => {
    await runTo('turn');
    const record = { ...sdk.DEBUGGER_CPUID_REQUEST_RESPONSE.zero(), FunctionId: 7 };
    const answer = await client.ask(REQUEST.cpuid, record, ANSWER.cpuid);
    const hex = [answer.EAX, answer.EBX, answer.ECX, answer.EDX].map((part) => part.toString(16));
    assert.equal(printed.trim(), `${hex.join(' ')} ${answer.BrandString}`.trim());
    assert.ok(answer.BrandString.length > 3);
    assert.equal(answer.LeafEaxMaxSubleaf, answer.EAX);
  });

  it('threads are listed, and another one is looked at after the next continue', async () => {
    await runTo('turn');
    const current = await client.ask(
      REQUEST.changeThread,
      { ...sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.zero(), ActionType: 1 },
      ANSWER.changeThread,
    );
    assert.equal(current.ThreadId, 42);
    client.frames.length = 0;
    const list = { ...sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.zero(), ActionType: 2 };
    await client.ask(REQUEST.changeThread, list, ANSWER.changeThread);
    const [first, second] = client.texts();
    assert.match(first!, /^\* pid 2a, tid 2a, thread [0-9a-f]{16}\n$/);
    const object = BigInt(`0x${/^ {2}pid 2a, tid 2b, thread ([0-9a-f]{16})\n$/.exec(second!)![1]}`);
    assert.notEqual(object, current.Thread);

    const wanted = { ...sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.zero(), ThreadId: 0x2b };
    assert.equal((await client.ask(REQUEST.changeThread, wanted, ANSWER.changeThread)).Result, OK);
    const stop = await proceed();
    assert.equal(stop.PausingReason, 9);
    const details = { ...sdk.DEBUGGEE_DETAILS_AND_SWITCH_THREAD_PACKET.zero(), ActionType: 1 };
    const now = await client.ask(REQUEST.changeThread, details, ANSWER.changeThread);
    assert.deepEqual([now.ThreadId, now.Thread], [0x2b, object]);
    assert.notEqual((await registers()).general.rsp >> 16n, 0n);
    // It is the other thread that goes on from here.
    await runTo('other_turn');
  });

  it('a process switch to the process that runs stops with its reason', async () => {
    await runTo('turn');
    const record = {
      ...sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET.zero(),
      ActionType: 2,
      ProcessId: 42,
    };
    assert.equal((await client.ask(REQUEST.changeProcess, record, ANSWER.changeProcess)).Result, OK);
    const stop = await proceed();
    assert.equal(stop.PausingReason, 8);
    // The instruction at the breakpoint may have run first.
    const offset = stop.Rip - guest.symbol('turn');
    assert.ok(offset >= 0n && offset <= 15n, `0x${offset.toString(16)} behind turn`);
  });

  it('page tables lead to where the address translates to, and tell code from data', async () => {
    await runTo('turn');
    const walk = async (VirtualAddress: bigint) =>
      client.ask(
        REQUEST.pageTable,
        { ...sdk.DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS.zero(), VirtualAddress },
        ANSWER.pageTable,
      );
    const { general, extra } = await registers();
    const code = await walk(extra.RIP);
    const physical = await client.ask(
      REQUEST.translate,
      {
        ...sdk.DEBUGGER_VA2PA_AND_PA2VA_COMMANDS.zero(),
        VirtualAddress: extra.RIP,
        IsVirtual2Physical: true,
      },
      ANSWER.translate,
    );
    const frame = 0x000f_ffff_ffff_f000n;
    assert.equal(code.PteValue & frame, physical.PhysicalAddress & frame);
    const stack = await walk(general.rsp);
    const noExecute = 1n << 63n;
    assert.deepEqual([code.PteValue & noExecute, stack.PteValue & noExecute], [0n, noExecute]);
    assert.equal((await walk(0x1234n)).KernelStatus, DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ADDRESS);

    const slot = sdk.DEBUGGER_SINGLE_CALLSTACK_FRAME.zero();
    const record = sdk.DEBUGGER_CALLSTACK_REQUEST.zero();
    const scan = await client.ask(
      REQUEST.callStack,
      { record, tail: Array.from({ length: 16 }, () => slot) },
      ANSWER.callStack,
    );
    // At the entry of a function the top of the stack is its return address, behind a call.
    const [top] = scan.tail;
    assert.deepEqual([top!.IsExecutable, top!.InstructionBytesOnRip[2]], [true, 0xe8]);
    assert.ok(scan.tail.some(({ IsValidAddress, IsExecutable }) => IsValidAddress && !IsExecutable));
  });

  it('model-specific registers are read and written', async () => {
    await runTo('turn');
    const base = /= ([0-9a-f]{16})/.exec(await ship('rdmsr c0000100'))![1];
    // The thread's control block begins with its own address.
    const self = await client.ask(
      REQUEST.readMemory,
      { ...sdk.DEBUGGER_READ_MEMORY.zero(), Address: BigInt(`0x${base}`), Size: 8, MemoryType: 1 },
      ANSWER.readMemory,
    );
    assert.equal(Buffer.from(self.tail).readBigUInt64LE(), BigInt(`0x${base}`));
    assert.match(await ship('wrmsr c0000082 ffffffff81000000'), /= ffffffff81000000\n/);
    assert.match(await ship('rdmsr c0000082'), /core 0: msr c0000082 = ffffffff81000000\n/);
    assert.match(await ship('wrmsr c0000082 8000000000000000'), /does not take/);
    assert.match(await ship('wrmsr c0000080 0'), /does not take/);
    assert.match(await ship('rdmsr 1b'), /does not exist/);
  });

  it('a continue after a page-in is one step, and a tracking step says what it is', async () => {
    await runTo('turn');
    const Rip = guest.symbol('turn');
    const record = { ...sdk.DEBUGGER_PAGE_IN_REQUEST.zero(), VirtualAddressFrom: Rip, VirtualAddressTo: Rip };
    assert.equal((await client.ask(REQUEST.pageIn, record, ANSWER.pageIn)).KernelStatus, OK);
    const stop = await proceed();
    assert.equal(stop.PausingReason, 3);
    assert.ok(stop.Rip > Rip && stop.Rip <= Rip + 15n);
    const tracking = { StepType: 2, IsCurrentInstructionACall: false, CallLength: 0 };
    assert.equal((await client.ask(REQUEST.step, tracking, ANSWER.stopped)).PausingReason, 4);
  });

  it('muted breakpoints do not stop, and do again afterwards', async () => {
    await runTo('turn');
    const test = async (RequestType: number) =>
      client.ask(REQUEST.testQuery, { RequestType, Context: 0n, KernelStatus: 0 }, ANSWER.testQuery);
    await test(4);
    client.send(REQUEST.continue, undefined);
    const paused = await client.ask(REQUEST.pause, undefined, ANSWER.stopped);
    assert.equal(paused.PausingReason, 2);
    await test(5);
    assert.equal((await proceed()).PausingReason, 5);
  });

  it('a machine without an interrupt table says so', async () => {
    const answer = await client.ask(REQUEST.idt, undefined, ANSWER.idt);
    assert.equal(answer.status, DEBUGGER_ERROR.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED);
    assert.equal(answer.handlers?.length, 256);
  });
});
