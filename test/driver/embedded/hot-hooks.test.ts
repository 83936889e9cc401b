import assert from 'node:assert/strict';
import { registerByName } from '../../../script-engine/catalog/registers';
import { VMM_EVENT_TYPE_ENUM as TYPE } from '../../../driver/sdk/tables.generated';
import { skipWithoutCpu } from '../../skip';
import { buildKernel } from './bare-kernel';
import { buildGuest, type GuestProgram } from './guest-programs';
import { BREAK, code, Session } from './session';

const RDI = 7;
const REGISTER_RDI = registerByName('rdi')?.id ?? -1;
const CALLS = 500;
const SOURCE = `
#include <stdio.h>
long step_value(void);
__attribute__((noinline)) long identity(long x) { __asm__ volatile(""); return x; }
__asm__(".globl step_value\\nstep_value: mov $1, %eax\\nret");
int main(void) {
  long sum = 0, steps = 0;
  for (long i = 1; i <= ${CALLS}; i++) { sum += identity(i); steps += step_value(); }
  printf("%ld %ld\\n", sum, steps);
  return 0;
}`;
const SUM = (CALLS * (CALLS + 1)) / 2;
/** Makes the names known to the scripts that follow; all begin as 0. */
const GLOBALS = '.n = 0; .a = 0; .b = 0; .c = 0;';
/** mov rax, [rcx+38h] (rdi); cmp rax, 0n400; sete al; movzx eax, al; ret */
const IS_400 = new Uint8Array(Buffer.from('488b4138483d900100000f94c00fb6c0c3', 'hex'));

/** What events do at an address that the guest comes to often enough to be handled in the middle of the CPU's run. */
describe('hooks that are hit often', function () {
  this.timeout(30_000);
  let guest: GuestProgram;
  let run: Session;
  before(function () {
    skipWithoutCpu(this);
  });
  beforeEach(async function () {
    guest = buildGuest(this, SOURCE);
    run = await Session.start(guest.file);
    run.script(GLOBALS);
  });
  afterEach(() => run?.dispose());

  const ends = async (sum: number, steps = CALLS): Promise<void> => {
    assert.equal((await run.finish()).code, 0);
    assert.equal(run.stdout, `${sum} ${steps}\n`);
  };
  const hookIdentity = (...actions: Parameters<Session['hook']>[1][]): Promise<bigint> =>
    run.hook(guest.symbol('identity'), ...actions);

  it('run their script once for each call, with the registers of the call', async () => {
    await hookIdentity(run.script('printf("%lld ", @rdi);'));
    await ends(SUM);
    const numbers = Array.from({ length: CALLS }, (_, index) => `${index + 1} `);
    assert.equal(run.messages.join(''), numbers.join(''));
  });

  it('change arguments', async () => {
    await hookIdentity(run.script('@rdi = @rdi * 2;'));
    await ends(2 * SUM);
  });

  it('return from the function in its place', async () => {
    await hookIdentity(run.script('@rax = 1; back = poi(@rsp); @rip = back; @rsp = @rsp + 8;'));
    await ends(CALLS);
  });

  it('break at the one call that a condition is for', async () => {
    await run.arm(
      { type: TYPE.HIDDEN_HOOK_EXEC_CC, options: [guest.symbol('identity')], condition: IS_400 },
      BREAK,
    );
    const stop = await run.resume();
    assert.deepEqual([stop?.reason, stop?.rip], ['event', guest.symbol('identity')]);
    assert.equal((await run.debuggee.readRegisters()).general[RDI], 400n);
    await run.debuggee.writeRegister(REGISTER_RDI, 0n);
    await ends(SUM - 400);
  });

  it('run what comes before a break once, and what comes behind it after the halt', async () => {
    // The last added runs first.
    await run.arm(
      { type: TYPE.HIDDEN_HOOK_EXEC_CC, options: [guest.symbol('identity')], condition: IS_400 },
      run.script('printf("behind");'),
      BREAK,
      run.script('printf("before");'),
    );
    await run.resume();
    assert.deepEqual(run.messages, ['before']);
    await ends(SUM);
    assert.deepEqual(run.messages, ['before', 'behind']);
  });

  it('halt in the middle of a script', async () => {
    await hookIdentity(
      run.script('.n = .n + 1; if (.n == 190) { pause(); } if (@rdi == 1f4) { printf("%llx", .n); }'),
    );
    const stop = await run.resume();
    assert.equal(stop?.rip, guest.symbol('identity'));
    assert.equal((await run.debuggee.readRegisters()).general[RDI], 400n);
    await ends(SUM);
    assert.deepEqual(run.messages, ['1f4'], 'each call was counted once');
  });

  it('run machine code each time, with its writes to GUEST_REGS', async () => {
    // add qword [rdx+38h], 1; xor eax, eax; ret
    await hookIdentity(code('48834238 01 31c0 c3'));
    await ends(SUM + CALLS);
  });

  it('end when a script clears its own event', async () => {
    await hookIdentity(run.script('printf("%llx ", @rdi); if (@rdi == 64) { event_clear($event_id); }'));
    await ends(SUM);
    assert.equal(run.messages.join('').trim().split(' ').at(-1), '64');
    assert.equal(run.messages.join('').trim().split(' ').length, 100);
  });

  it('run the code that a script has written over the hooked instruction', async () => {
    const at = guest.symbol('step_value');
    const patch = `.n = .n + 1; if (.n == 64) { eb(${(at + 1n).toString(16)}, 3); }`;
    await run.hook(at, run.script(patch));
    await ends(SUM, 99 + 3 * (CALLS - 99));
  });

  it('work for many addresses at once, and for two events of one address', async () => {
    await hookIdentity(run.script('.a = .a + 1;'));
    await run.arm(
      { type: TYPE.HIDDEN_HOOK_EXEC_DETOURS, options: [guest.symbol('step_value')] },
      run.script('.b = .b + 1;'),
    );
    await run.hook(guest.symbol('step_value') + 5n, run.script('.c = .c + 1;'));
    const last = run.script('if (@rdi == 1f4) { printf("%llx %llx %llx", .a, .b, .c); }');
    await hookIdentity(last);
    await ends(SUM);
    assert.deepEqual(run.messages, ['1f3 1f3 1f3'], 'the newer event of the address comes first');
  });

  it('stop for a breakpoint of the debugger at the same address', async () => {
    await hookIdentity(run.script('.a = .a + 1; if (@rdi == 64) { event_clear($event_id); pause(); }'));
    await run.resume();
    await run.debuggee.setBreakpoint(guest.symbol('identity'));
    assert.equal((await run.resume())?.reason, 'breakpoint');
    assert.equal((await run.debuggee.readRegisters()).general[RDI], 101n);
  });
});

describe('hooks of a kernel that are hit often', function () {
  this.timeout(30_000);
  let run: Session | undefined;
  before(function () {
    skipWithoutCpu(this);
  });
  afterEach(() => run?.dispose());

  /** Counts to 300, then ends the machine with the count. */
  const KERNEL = `
  xor ebx, ebx
.globl counted
counted: inc rbx
  mov cell[rip], rbx
  cmp rbx, 300
  jne counted
  mov al, 7
  out 0xf4, al
2: hlt
  jmp 2b
`;

  for (const isWatched of [false, true])
    it(`are each seen, ${isWatched ? 'while the machine pages for it' : 'under its own page tables'}`, async function () {
      const guest = buildKernel(
        this,
        KERNEL,
        '.globl cell\ncell: .quad 0\n.globl other\n.balign 4096\nother: .quad 0\n',
      );
      run = await Session.start(guest.file);
      run.script(GLOBALS);
      await run.hook(
        guest.symbol('counted'),
        run.script('.n = .n + 1; if (.n == 12c) { printf("%llx", @rbx); }'),
      );
      const other = guest.symbol('other');
      if (isWatched)
        await run.arm({ type: TYPE.HIDDEN_HOOK_WRITE, options: [other, other + 7n] }, run.script('x = 1;'));
      await run.finish();
      assert.deepEqual(run.messages, ['12b']);
    });
});
