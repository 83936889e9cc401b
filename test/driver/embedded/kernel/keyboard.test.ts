import assert from 'node:assert/strict';
import { scanCodesOf } from '../../../../driver/embedded/kernel/scan-codes';
import { VMM_EVENT_TYPE_ENUM as TYPE } from '../../../../driver/sdk/tables.generated';
import { skipWithoutCpu } from '../../../skip';
import { buildGuest } from '../guest-programs';
import { Session } from '../session';

/** Sleeps until keys come, prints each scan code as a character, and powers off at the release of Enter. */
const SOURCE = `
__asm__(
".intel_syntax noprefix\\n"
".globl _start\\n"
"_start: lea rsp, stack_top[rip]\\n"
"  lgdt gdtr[rip]\\n"
"  push 8\\n"
"  lea rax, 1f[rip]\\n"
"  push rax\\n"
"  retfq\\n"
"1: lea rdi, idt[rip + 16 * 0x21]\\n"
"  lea rax, handler[rip]\\n"
"  mov [rdi], ax\\n"
"  mov word ptr [rdi + 2], 8\\n"
"  mov word ptr [rdi + 4], 0x8e00\\n"
"  shr rax, 16\\n"
"  mov [rdi + 6], rax\\n"
"  lidt idtr[rip]\\n"
"  mov al, 0x52\\n"
"  mov dx, 0x3f8\\n"
"  out dx, al\\n"
"  sti\\n"
"2: hlt\\n"
"  jmp 2b\\n"
"handler: in al, 0x60\\n"
"  mov dx, 0x3f8\\n"
"  out dx, al\\n"
"  cmp al, 0x9c\\n"
"  jne 3f\\n"
"  mov al, 7\\n"
"  out 0xf4, al\\n"
"3: mov al, 0x20\\n"
"  out 0x20, al\\n"
"  iretq\\n"
".balign 16\\n"
"gdt: .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff\\n"
"gdtr: .word 23\\n"
"  .quad gdt\\n"
"idtr: .word 0xfff\\n"
"  .quad idt\\n"
".data\\n"
".balign 4096\\n"
"idt: .skip 4096\\n"
".skip 4096\\n"
"stack_top:\\n"
".att_syntax prefix\\n");
`;

describe('the keyboard of a kernel', () => {
  it('sends a code for each key and its release', () => {
    assert.deepEqual(scanCodesOf('a'), [0x1e, 0x9e]);
    assert.deepEqual(scanCodesOf('A1\n'), [0x2a, 0x1e, 0x9e, 0xaa, 0x02, 0x82, 0x1c, 0x9c]);
    assert.deepEqual(scanCodesOf('\u00e9'), []);
  });

  it('wakes a kernel that has halted, one interrupt a code; events see them', async function () {
    skipWithoutCpu(this);
    const guest = buildGuest(this, SOURCE, [
      ...['-static', '-nostdlib', '-nostartfiles', '-ffreestanding', '-fno-pie'],
      ...['-Wl,-Ttext-segment=0x100000', '-Wl,--build-id=none'],
    ]);
    const session = await Session.start(guest.file);
    try {
      await session.arm(
        { type: TYPE.EXTERNAL_INTERRUPT_OCCURRED, options: [0x21n] },
        session.script('printf("key");'),
      );
      const end = session.finish();
      await session.firstOutput;
      session.machine.type('a\n');
      assert.equal((await end).code, 7);
      assert.equal(session.messages.length, 4);
      assert.equal(session.output.toString('hex'), '521e9e1c9c');
    } finally {
      await session.dispose();
    }
  });
});
