/** The device's door over a bare-metal kernel and over several cores. */

import assert from 'node:assert/strict';
import type { ActionRequest, EventRequest } from '../../../../driver/debuggee';
import type { EmbeddedMachineOptions } from '../../../../driver/embedded/embedded-machine';
import { VMM_EVENT_TYPE_ENUM as TYPE } from '../../../../driver/sdk/tables.generated';
import { compileScript } from '../../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../../script-engine/compiler/global-table';
import { projectFile } from '../../../project-root';
import { skipWithoutCpu } from '../../../skip';
import { buildGuest } from '../guest-programs';
import { DeviceSession } from './device-session';

const MINIKERNEL = projectFile('examples/guests/build/minikernel');
const ALL = 0xffffffff;
const TAG = 0x1000000n;
const THREADS = `
#include <pthread.h>
__attribute__((noinline)) void visit(long who) { __asm__ volatile("" :: "r"(who)); }
static void *work(void *a) { for (int i = 0; i < 4; i++) visit((long)a); return a; }
int main(void) { pthread_t t[3]; for (long i = 0; i < 3; i++) pthread_create(&t[i], 0, work, (void *)(i + 1));
  work(0); for (int i = 0; i < 3; i++) pthread_join(t[i], 0); return 0; }`;

function script(source: string): ActionRequest {
  const { script: compiled } = compileScript(source, { globals: new GlobalTable() });
  assert.ok(compiled !== undefined);
  return { kind: 'script', bytes: compiled.bytes, symbolCount: compiled.symbolCount, bufferSizeBytes: 0 };
}

describe('the device', function () {
  this.timeout(30_000);
  let run: DeviceSession;
  before(function () {
    skipWithoutCpu(this);
  });
  afterEach(() => run?.machine.dispose());

  const start = async (file: string, options?: Partial<EmbeddedMachineOptions>): Promise<void> => {
    run = await DeviceSession.start(file, options);
  };
  const arm = async (
    tag: bigint,
    event: Partial<EventRequest> & { type: number },
    source: string,
  ): Promise<void> => {
    const rest = {
      coreId: ALL,
      processId: ALL,
      stage: 1 as const,
      shortCircuit: false,
      condition: undefined,
    };
    await run.client.registerEvent({ tag, options: [], ...rest, ...event });
    await run.client.addAction(tag, script(source), true);
  };

  it('serves a kernel: events of its processes, exceptions and MSR writes, until it ends', async () => {
    await start(MINIKERNEL);
    await arm(
      TAG,
      { type: TYPE.SYSCALL_HOOK_EFER_SYSCALL, options: [2n, 0n] },
      'printf("call %llx of %x", $context, $pid);',
    );
    await arm(
      TAG + 1n,
      { type: TYPE.EXCEPTION_OCCURRED, options: [14n] },
      'printf("fault in ring %x", @cs & 3);',
    );
    await arm(
      TAG + 2n,
      { type: TYPE.WRMSR_INSTRUCTION_EXECUTION, options: [0xc0000082n] },
      'printf("msr %llx", $context);',
    );
    await run.machine.start();
    const end = await run.ended;
    assert.equal(end.kind === 'exited' && end.code, 0x31);
    await run.until(() => run.scriptTexts.includes('call 2 of 1'));
    assert.deepEqual(run.scriptTexts, ['msr c0000082', 'call 2 of 1', 'fault in ring 3']);
    assert.match(run.stdout, /minikernel: done/);
  });

  it("reads a kernel's memory by virtual and physical address", async () => {
    await start(MINIKERNEL);
    const header = await run.client.readMemory(0x100000n, 4);
    const physical = await run.client.translate(0x100000n);
    assert.ok(physical !== undefined);
    assert.deepEqual(await run.client.readMemory(physical, 4, 'physical'), header);
  });

  it('filters by core', async function () {
    await start(buildGuest(this, THREADS).file, { cores: 4 });
    const guest = buildGuest(this, THREADS);
    await arm(
      TAG,
      { type: TYPE.HIDDEN_HOOK_EXEC_CC, options: [guest.symbol('visit')], coreId: 2 },
      'printf("%x %x", $core, @rdi);',
    );
    await run.machine.start();
    await run.ended;
    await run.until(() => run.scriptTexts.length === 4);
    assert.deepEqual(run.scriptTexts, ['2 2', '2 2', '2 2', '2 2']);
    await assert.rejects(arm(TAG + 1n, { type: TYPE.EXCEPTION_OCCURRED, coreId: 4 }, 'x = 1;'));
  });
});
