/** Rows of the checklist of the page about actions: 14 to 18 and 21. */

import assert from 'node:assert/strict';
import {
  debuggerAddActionToEvent,
  type CustomCodeRequest,
  type DebuggerEvent,
  type RunScriptConfiguration,
} from '../../../driver/device/add-action';
import type { ActionRequest, Debuggee } from '../../../driver/debuggee';
import { DriverError } from '../../../driver/driver-error';
import { EventCore } from '../../../driver/embedded/events/event-core';
import {
  DEBUGGER_EVENT_ACTION_TYPE_ENUM as ACTION,
  OPERATION,
  VMM_EVENT_TYPE_ENUM as TYPE,
} from '../../../driver/sdk/tables.generated';
import { compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { skipWithoutCpu } from '../../skip';
import { DeviceSession } from '../embedded/device/device-session';
import { buildGuest } from '../embedded/guest-programs';
import { Session } from '../embedded/session';
import { PlainCodeRunner, PlainMachine } from '../embedded/server/plain-machine';

const TAG = 0x1000000n;
const ALL = 0xffffffff;

interface Added {
  readonly tag: bigint;
  readonly action: ActionRequest;
  readonly immediate: boolean;
}

function recordingEvent(): { event: DebuggerEvent; added: Added[] } {
  const added: Added[] = [];
  const door = {
    addAction: (tag: bigint, action: ActionRequest, immediate: boolean) => {
      added.push({ tag, action, immediate });
      return Promise.resolve();
    },
  };
  return { event: { tag: TAG, door }, added };
}

const CODE: CustomCodeRequest = {
  customCodeBuffer: Uint8Array.of(0x90, 0xc3),
  optionalRequestedBufferSize: 0x100,
};
const NO_CODE: CustomCodeRequest = { customCodeBuffer: new Uint8Array(0), optionalRequestedBufferSize: 0 };

function script(source: string): RunScriptConfiguration {
  const { script: compiled } = compileScript(source, { globals: new GlobalTable() });
  return {
    scriptBuffer: compiled!.bytes,
    scriptPointer: compiled!.symbolCount,
    optionalRequestedBufferSize: 0,
  };
}

const refusedWith = (name: string) => (error: unknown) =>
  error instanceof DriverError && error.codeName === name;

const PROGRAM = `
#include <unistd.h>
__attribute__((noinline)) long twice(long x) { __asm__ volatile(""); return 2 * x; }
int main(void) { long sum = 0; for (long i = 0; i < 300; i++) sum += twice(i); write(1, "done", 4); return sum == 89700; }`;

function hook(address: bigint) {
  return {
    ...{ tag: TAG, type: TYPE.HIDDEN_HOOK_EXEC_CC, coreId: ALL, processId: ALL, stage: 1 as const },
    ...{ shortCircuit: false, options: [address], condition: undefined },
  };
}

describe('DebuggerAddActionToEvent', () => {
  it('row 14: event, type, immediacy, code and script in the order of the page', async () => {
    const { event, added } = recordingEvent();
    const compiled = script('printf("x");');
    await debuggerAddActionToEvent(event, ACTION.RUN_CUSTOM_CODE, true, CODE, null);
    await debuggerAddActionToEvent(event, ACTION.RUN_SCRIPT, false, null, compiled);
    await debuggerAddActionToEvent(event, ACTION.BREAK_TO_DEBUGGER, true, null, null);
    assert.equal(debuggerAddActionToEvent.length, 5);
    const bytes = CODE.customCodeBuffer;
    assert.deepEqual(added, [
      { tag: TAG, action: { kind: 'code', bytes, bufferSizeBytes: 0x100 }, immediate: true },
      {
        tag: TAG,
        action: {
          kind: 'script',
          bytes: compiled.scriptBuffer,
          symbolCount: compiled.scriptPointer,
          bufferSizeBytes: 0,
        },
        immediate: false,
      },
      { tag: TAG, action: { kind: 'break' }, immediate: true },
    ]);
  });

  const compiled = script('x = 1;');
  for (const [what, type, code, source, status] of [
    ['an unknown type', 7, null, null, 'DEBUGGER_ERROR_INVALID_ACTION_TYPE'],
    ['code missing', ACTION.RUN_CUSTOM_CODE, null, null, 'DEBUGGER_ERROR_ACTION_BUFFER_SIZE_IS_ZERO'],
    ['code empty', ACTION.RUN_CUSTOM_CODE, NO_CODE, null, 'DEBUGGER_ERROR_ACTION_BUFFER_SIZE_IS_ZERO'],
    ['a script missing', ACTION.RUN_SCRIPT, null, null, 'DEBUGGER_ERROR_ACTION_BUFFER_SIZE_IS_ZERO'],
    ['a script beside code', ACTION.RUN_CUSTOM_CODE, CODE, compiled, 'DEBUGGER_ERROR_INVALID_ACTION_TYPE'],
    ['code beside a script', ACTION.RUN_SCRIPT, CODE, compiled, 'DEBUGGER_ERROR_INVALID_ACTION_TYPE'],
    ['code beside a break', ACTION.BREAK_TO_DEBUGGER, CODE, null, 'DEBUGGER_ERROR_INVALID_ACTION_TYPE'],
    [
      'a script beside a break',
      ACTION.BREAK_TO_DEBUGGER,
      null,
      compiled,
      'DEBUGGER_ERROR_INVALID_ACTION_TYPE',
    ],
  ] as const) {
    it(`row 15: ${what} is refused before anything is sent`, async () => {
      const { event, added } = recordingEvent();
      const adding = debuggerAddActionToEvent(event, type as 0, true, code, source);
      await assert.rejects(adding, refusedWith(status));
      assert.deepEqual(added, []);
    });
  }

  describe('over a real guest', function () {
    this.timeout(30_000);
    let dispose: (() => Promise<void>) | undefined;
    before(function () {
      skipWithoutCpu(this);
    });
    afterEach(async () => {
      await dispose?.();
      dispose = undefined;
    });

    it('row 15: an event that is not there, and a buffer of 1000 bytes', async function () {
      const guest = buildGuest(this, PROGRAM);
      const run = await DeviceSession.start(guest.file);
      dispose = () => run.machine.dispose();
      const event = { tag: TAG, door: run.client };
      const add = (code: CustomCodeRequest) =>
        debuggerAddActionToEvent(event, ACTION.RUN_CUSTOM_CODE, true, code, null);
      await assert.rejects(add(CODE), refusedWith('DEBUGGER_ERROR_TAG_NOT_EXISTS'));
      await run.client.registerEvent(hook(guest.symbol('twice')));
      await add({ ...CODE, optionalRequestedBufferSize: 999 });
      await assert.rejects(
        add({ ...CODE, optionalRequestedBufferSize: 1000 }),
        refusedWith(
          'DEBUGGER_ERROR_INSTANT_EVENT_REQUESTED_OPTIONAL_BUFFER_IS_BIGGER_THAN_DEBUGGERS_SEND_RECEIVE_STACK',
        ),
      );
    });

    const LINE = 'line %d of three hundred that this event prints for everyone to read\\n';
    const lines = Array.from({ length: 300 }, (_, i) => LINE.replace('%d', String(i)).replace('\\n', '\n'));
    /** A batch leaves when the next line does not fit behind it in 4095 bytes. */
    const batches = lines.reduce<string[]>((done, line) => {
      const last = done.at(-1);
      return last === undefined || last.length + line.length > 4095
        ? [...done, line]
        : [...done.slice(0, -1), last + line];
    }, []);

    for (const immediate of [true, false]) {
      it(`row 16, row 17: immediate ${immediate}: ${immediate ? 'one message a print' : 'batches'}, in order`, async function () {
        const guest = buildGuest(this, PROGRAM);
        const run = await DeviceSession.start(guest.file, { batchTimeoutMs: null });
        dispose = () => run.machine.dispose();
        await run.client.registerEvent(hook(guest.symbol('twice')));
        await debuggerAddActionToEvent(
          { tag: TAG, door: run.client },
          ACTION.RUN_SCRIPT,
          immediate,
          null,
          script(`printf("${LINE}", @rdi);`),
        );
        await run.machine.start();
        assert.equal((await run.ended).kind, 'exited');
        await run.client.stopVmm();
        await run.reading;
        const operation = immediate ? Number(TAG) : OPERATION.OPERATION_LOG_NON_IMMEDIATE_MESSAGE;
        const printed = run.texts.filter((each) => each.operation === operation).map(({ text }) => text);
        assert.deepEqual(printed, immediate ? lines : batches);
      });
    }

    it('row 16: what overflows the queue is counted and told', async function () {
      const guest = buildGuest(this, PROGRAM);
      const run = await DeviceSession.start(guest.file);
      dispose = () => run.machine.dispose();
      await run.io.cancel();
      await run.reading;
      await run.client.registerEvent(hook(guest.symbol('twice')));
      const source =
        'printf("a %d", @rdi); printf("b %d", @rdi); printf("c %d", @rdi); printf("d %d", @rdi);';
      await debuggerAddActionToEvent(
        { tag: TAG, door: run.client },
        ACTION.RUN_SCRIPT,
        true,
        null,
        script(source),
      );
      await run.machine.start();
      await run.ended;
      const message = async () => Buffer.from((await run.io.pend()).bytes).toString('latin1', 4);
      assert.match(await message(), /^200 messages were lost: /);
      assert.equal(await message(), 'a 50\0');
    });

    it('row 18: an action is added while the target is halted', async function () {
      const guest = buildGuest(this, PROGRAM);
      const session = await Session.start(guest.file);
      dispose = () => session.dispose();
      const { debuggee } = session as { debuggee: Debuggee };
      await debuggee.registerEvent(hook(guest.symbol('twice')));
      assert.equal(debuggee.halted?.reason, 'requested');
      const event = { tag: TAG, door: debuggee };
      await debuggerAddActionToEvent(event, ACTION.BREAK_TO_DEBUGGER, true, null, null);
      const stop = await session.resume();
      assert.deepEqual([stop?.reason, stop?.rip], ['event', guest.symbol('twice')]);
      // Halted inside the very event, the script prints at its next hits.
      await debuggerAddActionToEvent(event, ACTION.RUN_SCRIPT, false, null, script('printf("%d ", @rdi);'));
      await session.resume();
      await session.resume();
      assert.equal(session.messages.join(''), '1 2 ');
    });

    for (const deliversReturnedBuffer of [undefined, true, false]) {
      it(`row 21: deliversReturnedBuffer ${deliversReturnedBuffer ?? 'by default'}`, async function () {
        const guest = buildGuest(this, PROGRAM);
        const options = deliversReturnedBuffer === undefined ? {} : { deliversReturnedBuffer };
        const run = await DeviceSession.start(guest.file, options);
        dispose = () => run.machine.dispose();
        await run.client.registerEvent(hook(guest.symbol('main')));
        // mov byte [rcx],7; mov rax,rcx; ret
        const customCodeBuffer = Uint8Array.of(0xc6, 0x01, 7, 0x48, 0x89, 0xc8, 0xc3);
        const code = { customCodeBuffer, optionalRequestedBufferSize: 4 };
        await debuggerAddActionToEvent(
          { tag: TAG, door: run.client },
          ACTION.RUN_CUSTOM_CODE,
          true,
          code,
          null,
        );
        await run.machine.start();
        await run.ended;
        await run.client.stopVmm();
        await run.reading;
        const buffers = run.texts.filter(({ operation }) => operation === OPERATION.OPERATION_LOG_WITH_TAG);
        assert.equal(buffers.length, deliversReturnedBuffer === false ? 0 : 1);
      });
    }
  });

  it('row 21: without delivery the code has run all the same', () => {
    const machine = new PlainMachine();
    const runs = [true, false].map((deliversReturnedBuffer) => {
      const core = new EventCore(machine, new PlainCodeRunner(machine), { deliversReturnedBuffer });
      core.register({ ...hook(0n), type: TYPE.CPUID_INSTRUCTION_EXECUTION, options: [] });
      core.addAction(TAG, { kind: 'code', bytes: Uint8Array.of(0xbf), bufferSizeBytes: 8 });
      const occurrence = {
        kind: 'instruction',
        type: TYPE.CPUID_INSTRUCTION_EXECUTION,
        stage: 'pre',
        context: 0n,
      } as const;
      return core.deliver(occurrence).codeRuns.length;
    });
    assert.deepEqual([runs, machine.sentBuffers.length], [[1, 1], 1]);
  });
});
