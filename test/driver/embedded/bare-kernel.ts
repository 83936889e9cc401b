/** Small ring-0 kernels for tests, in assembly: segments and a stack are set up, the rest is the test's. */

import { buildGuest, type GuestProgram } from './guest-programs';

const START = `
.intel_syntax noprefix
.globl _start
_start: lea rsp, stack_top[rip]
  lgdt gdtr[rip]
  push 8
  lea rax, 1f[rip]
  push rax
  retfq
1: mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
`;
const TABLES = `
.balign 16
gdt: .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdtr: .word 23
  .quad gdt
idtr: .word 0xfff
  .quad idt
.data
.balign 4096
idt: .skip 4096
.skip 4096
stack_top:
`;

/** `code` (Intel syntax) runs after the start; `idt` is empty and has room for all vectors, `idtr` leads to it. */
export function buildKernel(test: Mocha.Context, code: string, data = ''): GuestProgram {
  const lines = `${START}${code}${TABLES}${data}.att_syntax prefix\n`;
  const source = `__asm__(${JSON.stringify(lines)});\n`;
  return buildGuest(test, source, [
    ...['-static', '-nostdlib', '-nostartfiles', '-ffreestanding', '-fno-pie'],
    ...['-Wl,-Ttext-segment=0x100000', '-Wl,--build-id=none'],
  ]);
}
