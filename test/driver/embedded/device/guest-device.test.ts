import assert from 'node:assert/strict';
import { DriverError } from '../../../../driver/driver-error';
import { messageOfLog } from '../../../../driver/kd/log-message';
import * as sdk from '../../../../driver/sdk/structs.generated';
import {
  type DEBUGGER_ERROR,
  OPERATION,
  VMM_EVENT_TYPE_ENUM as TYPE,
} from '../../../../driver/sdk/tables.generated';
import type { ActionRequest, EventRequest } from '../../../../driver/debuggee';
import { compileScript } from '../../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../../script-engine/compiler/global-table';
import { skipWithoutCpu } from '../../../skip';
import { buildGuest } from '../guest-programs';
import { code } from '../session';
import { ENDLESS, PROGRAM } from './device-programs';
import { DeviceSession } from './device-session';
import { encodeDeviceRequest } from '../../../../driver/device/device-wire';
import { runDevice } from '../../../../driver/embedded/device/run-device';
import { GuestMachine } from '../../../../driver/embedded/guest-machine';
import { openUnicornLibrary } from '../../../../driver/native/unicorn-search';
import type { EmbeddedMachineOptions } from '../../../../driver/embedded/embedded-machine';

const ALL = 0xffffffff;
const TAG = 0x1000000n;

function script(source: string): ActionRequest {
  const { script: compiled, diagnostics } = compileScript(source, { globals: new GlobalTable() });
  if (compiled === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return { kind: 'script', bytes: compiled.bytes, symbolCount: compiled.symbolCount, bufferSizeBytes: 0 };
}

const refusedWith = (name: keyof typeof DEBUGGER_ERROR) => (error: unknown) =>
  error instanceof DriverError && error.codeName === name;

describe('the device over a real guest', function () {
  this.timeout(30_000);
  let session: DeviceSession | undefined;
  before(function () {
    skipWithoutCpu(this);
  });
  afterEach(async () => {
    await session?.machine.dispose();
    session = undefined;
  });
  const start = async (file: string, options?: Partial<EmbeddedMachineOptions>) =>
    (session = await DeviceSession.start(file, options));

  const hook = (address: bigint, more: Partial<EventRequest> = {}): EventRequest => ({
    tag: TAG,
    type: TYPE.HIDDEN_HOOK_EXEC_CC,
    coreId: ALL,
    processId: ALL,
    stage: 1,
    shortCircuit: false,
    options: [address],
    condition: undefined,
    ...more,
  });

  it('an event with a script, its output through the waiting request, the program runs on', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    await run.client.registerEvent(hook(guest.symbol('twice')));
    await run.client.addAction(TAG, script('printf("twice %llx\\n", @rdi);'), true);
    assert.equal(await run.client.modifyEvent(TAG, 'query'), true);
    await run.machine.start();
    assert.deepEqual(await run.ended, { kind: 'exited', code: 12, signal: undefined });
    await run.until(() => run.scriptTexts.length === 3);
    assert.deepEqual(run.scriptTexts, ['twice 1\n', 'twice 2\n', 'twice 3\n']);
    assert.equal(run.stdout, 'sum 12 table 2\n');
  });

  it('a program that is let go before the loop has seen it suspended runs', function () {
    const options = { program: buildGuest(this, PROGRAM).file, arguments: [] };
    const machine = new GuestMachine(openUnicornLibrary(), options, () => undefined);
    const request = { code: 0, input: new Uint8Array(0), outputSizeBytes: 0 };
    const requests = (['open', 'start'] as const).map((kind, id) =>
      encodeDeviceRequest({ id, kind, ...request }),
    );
    let mustQuit = false;
    const ends: (string | undefined)[] = [];
    runDevice({
      machine,
      transport: {
        take: () => requests.shift(),
        // Whoever waits with nothing to come has stopped for ever.
        wait: () => (mustQuit = true),
        get mustQuit() {
          return mustQuit;
        },
        hasNews: false,
        whileInterruptible: (body) => body(),
      },
      send: () => undefined,
      timing: { nowMs: () => 0, timeoutMs: undefined },
      eventOptions: { deliversReturnedBuffer: true },
      ended: (failure) => ends.push(failure),
    });
    assert.deepEqual([ends, machine.guest.end?.code], [[undefined], 12]);
    machine.dispose();
  });

  it('batches of imm no, with a time limit', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = await start(guest.file, { batchTimeoutMs: 5 });
    await run.client.registerEvent(hook(guest.symbol('main')));
    await run.client.addAction(TAG, script('printf("one "); printf("two");'), false);
    await run.machine.start();
    const batch = OPERATION.OPERATION_LOG_NON_IMMEDIATE_MESSAGE;
    await run.until(() => run.texts.some(({ operation }) => operation === batch));
    assert.deepEqual(run.texts.at(-1), { operation: batch, text: 'one two' });
  });

  it('pause() halts nothing and says so; a break is refused (1)', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    await run.client.registerEvent(hook(guest.symbol('main')));
    await assert.rejects(
      run.client.addAction(TAG, { kind: 'break' }, true),
      refusedWith('DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED'),
    );
    await run.client.addAction(TAG, script('pause();'), true);
    await run.machine.start();
    assert.equal((await run.ended).kind, 'exited');
    await run.until(() => run.texts.some(({ text }) => text.includes('pause() halts nothing in VMI mode')));
  });

  it('custom code that returns its buffer hands it over', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    await run.client.registerEvent(hook(guest.symbol('main')));
    // mov byte [rcx],7; mov rax,rcx; ret
    await run.client.addAction(TAG, code('c60107 4889c8 c3', 4), true);
    await run.machine.start();
    await run.until(() => run.texts.some(({ operation }) => operation === OPERATION.OPERATION_LOG_WITH_TAG));
    const { operation, text } = run.texts.find(
      (each) => each.operation === OPERATION.OPERATION_LOG_WITH_TAG,
    )!;
    // The session has cut one NUL off the end.
    const bytes = new Uint8Array([...Buffer.from(text, 'latin1'), 0]);
    assert.deepEqual(messageOfLog({ operation, bytes }), { eventTag: TAG, bytes: Uint8Array.of(7, 0, 0, 0) });
  });

  it('memory, translation and search while the program runs', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = await start(guest.file);
    await run.machine.start();
    await run.until(() => run.stdout === 'go');
    const rounds = guest.symbol('rounds');
    const value = async () => Buffer.from(await run.client.readMemory(rounds, 8)).readBigUInt64LE();
    const first = await value();
    await run.client.writeMemory(rounds, new Uint8Array(8).fill(0x40));
    assert.ok((await value()) >= 0x4040404040404040n && first < 0x4040404040404040n);
    const physical = (await run.client.translate(rounds))!;
    const entry = await run.client.pageTable(rounds);
    assert.equal(BigInt.asUintN(52, entry.PteValue) & ~0xfffn, physical & ~0xfffn);
    const text = await run.client.search(
      guest.symbol('main') & ~0xfffn,
      0x1000,
      await run.client.readMemory(guest.symbol('main'), 12),
    );
    assert.deepEqual(text, [guest.symbol('main')]);
    assert.equal((await run.client.readMemory(0x10n, 4)).length, 0);
  });

  it('unloads in order; the program runs on, and the reader ends at the mark (3.3)', async function () {
    const guest = buildGuest(this, ENDLESS);
    const run = await start(guest.file);
    const thread = await run.stopAtFirstInstruction();
    await run.user.setBreakpoint(run.processId, guest.symbol('main'));
    assert.equal(thread.rip, run.packets[0]!.Rip);
    await run.client.stopVmm();
    await run.reading;
    await run.until(() => run.stdout === 'go');
    await assert.rejects(run.client.readMemory(guest.symbol('main'), 1), /hypervisor is not running/);
    await run.io.close();
    assert.equal(await run.io.open(), 31);
  });

  it('cancel ends the waiting request; the end of the machine ends every request', async function () {
    const run = await start(buildGuest(this, ENDLESS).file);
    await run.io.cancel();
    await run.reading;
    const waiting = run.io.pend();
    assert.equal((await run.io.pend()).bytes.length, 0);
    await run.machine.dispose();
    assert.equal((await waiting).status, 1167);
    assert.equal((await run.io.ioctl(0x22286c, new Uint8Array(72), 72)).status, 1167);
  });

  it('answers about the machine: current process, MSRs, modules', async function () {
    const guest = buildGuest(this, PROGRAM);
    const run = await start(guest.file);
    const process = await run.client.exchange(
      'test',
      'IOCTL_QUERY_CURRENT_PROCESS',
      sdk.DEBUGGEE_DETAILS_AND_SWITCH_PROCESS_PACKET,
      {},
    );
    assert.equal(process.ProcessId, run.processId);
    const efer = sdk.DEBUGGER_READ_AND_WRITE_ON_MSR.encode({ Msr: 0xc0000080n, CoreNumber: ALL });
    const bytes = await run.client.request('test', 'IOCTL_DEBUGGER_READ_OR_WRITE_MSR', efer, 8, 8);
    assert.equal(Buffer.from(bytes).readBigUInt64LE() & 0x500n, 0x500n);
    const question = sdk.USERMODE_LOADED_MODULE_DETAILS.encode({ ProcessId: run.processId });
    const list = await run.client.request(
      'test',
      'IOCTL_GET_USER_MODE_MODULE_DETAILS',
      question,
      16 + 536,
      16 + 536,
    );
    const main = sdk.USERMODE_LOADED_MODULE_SYMBOLS.decode(list, 16);
    assert.deepEqual([main.FilePath, main.Entrypoint], [guest.file, guest.symbol('_start')]);
  });
});
