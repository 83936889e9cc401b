import assert from 'node:assert/strict';
import { scanCodesOf } from '../../../../driver/embedded/kernel/scan-codes';
import { VMM_EVENT_TYPE_ENUM as TYPE } from '../../../../driver/sdk/tables.generated';
import { skipWithoutCpu } from '../../../skip';
import { buildKernel } from '../bare-kernel';
import { Session } from '../session';

/** Sleeps until keys come, prints each scan code as a character, and powers off at the release of Enter. */
const CODE = `
  lea rdi, idt[rip + 16 * 0x21]
  lea rax, handler[rip]
  mov [rdi], ax
  mov word ptr [rdi + 2], 8
  mov word ptr [rdi + 4], 0x8e00
  shr rax, 16
  mov [rdi + 6], rax
  lidt idtr[rip]
  mov al, 0x52
  mov dx, 0x3f8
  out dx, al
  sti
2: hlt
  jmp 2b
handler: in al, 0x60
  mov dx, 0x3f8
  out dx, al
  cmp al, 0x9c
  jne 3f
  mov al, 7
  out 0xf4, al
3: mov al, 0x20
  out 0x20, al
  iretq
`;

describe('the keyboard of a kernel', () => {
  it('sends a code for each key and its release', () => {
    assert.deepEqual(scanCodesOf('a'), [0x1e, 0x9e]);
    assert.deepEqual(scanCodesOf('A1\n'), [0x2a, 0x1e, 0x9e, 0xaa, 0x02, 0x82, 0x1c, 0x9c]);
    assert.deepEqual(scanCodesOf('\u00e9'), []);
  });

  it('wakes a kernel that has halted, one interrupt a code; events see them', async function () {
    skipWithoutCpu(this);
    const guest = buildKernel(this, CODE);
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
