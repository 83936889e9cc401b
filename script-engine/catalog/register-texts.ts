/** Registers in words, made from their table and from one text for each whole register and flag. */

import { registers, type Register } from './registers';

export interface RegisterText {
  readonly summary: string;
  readonly description: string;
  /** A script that compiles. */
  readonly example: string;
}

/** What each whole register and each flag is for. */
const purposes: Readonly<Record<string, string>> = {
  rax: 'Accumulator. Functions return their result in it; a system call has its number there.',
  rcx: 'Counter. The first argument of a function on Windows, the fourth on Linux.',
  rdx: 'Data. The second argument of a function on Windows, the third on Linux.',
  rbx: 'Base. A function keeps it for its caller.',
  rsp: 'Stack pointer. At the entry of a function the return address lies where it points.',
  rbp: 'Frame pointer, or a general register where the compiler needs none.',
  rsi: 'Source index of string instructions. The second argument of a function on Linux.',
  rdi: 'Destination index of string instructions. The first argument of a function on Linux.',
  r8: 'General register. The third argument of a function on Windows, the fifth on Linux.',
  r9: 'General register. The fourth argument of a function on Windows, the sixth on Linux.',
  r10: 'General register. A system call has its first (Windows) or fourth (Linux) argument there.',
  r11: 'General register. A system call keeps the flags in it.',
  r12: 'General register; a function keeps it for its caller.',
  r13: 'General register; a function keeps it for its caller.',
  r14: 'General register; a function keeps it for its caller.',
  r15: 'General register; a function keeps it for its caller.',
  ds: 'Selector of the data segment.',
  es: 'Selector of the extra segment.',
  fs: 'Selector of the FS segment; user code of Linux finds its thread through it.',
  gs: 'Selector of the GS segment; Windows finds its thread or processor block through it.',
  cs: 'Selector of the code segment; its two lowest bits are the privilege level: 0 is the kernel, 3 user code.',
  ss: 'Selector of the stack segment.',
  rflags: 'All flags of the processor in one number.',
  cf: 'Carry: the last addition or subtraction left the range of unsigned numbers.',
  pf: 'Parity: the low byte of the last result has an even number of ones.',
  af: 'Auxiliary carry, out of the lower four bits.',
  zf: 'Zero: the last result was 0, or a comparison found equal values.',
  sf: 'Sign: the last result was negative.',
  tf: 'Trap: the processor stops after each instruction.',
  if: 'Interrupts are let through. Only `@if` names it; a bare `if` is the statement.',
  df: 'Direction: string instructions run downwards.',
  of: 'Overflow: the last result left the range of signed numbers.',
  iopl: 'Privilege level that input and output need, two bits.',
  nt: 'Nested task.',
  rf: 'Resume: the next instruction ignores breakpoints of the debug registers.',
  vm: 'Virtual 8086 mode.',
  ac: 'Alignment check; in the kernel it allows access to user pages (SMAP).',
  vif: 'Virtual interrupt flag.',
  vip: 'A virtual interrupt is pending.',
  id: 'The processor knows CPUID when this bit can be changed.',
  rip: 'Instruction pointer: the address of the instruction at which the guest stands. `$ip` reads it too.',
  idtr: 'Address of the table of interrupt handlers.',
  ldtr: 'Selector of the local descriptor table.',
  gdtr: 'Address of the global descriptor table.',
  tr: 'Selector of the task register.',
  cr0: 'Control register 0: protected mode, paging, write protection.',
  cr2: 'Address of the last page fault.',
  cr3: 'Physical address of the page tables: tells address spaces apart.',
  cr4: 'Control register 4: extensions of the processor that are switched on.',
  cr8: 'Task priority: interrupts of this class and below wait.',
  dr0: 'Address of hardware breakpoint 0.',
  dr1: 'Address of hardware breakpoint 1.',
  dr2: 'Address of hardware breakpoint 2.',
  dr3: 'Address of hardware breakpoint 3.',
  dr6: 'Status of the hardware breakpoints: which one was hit.',
  dr7: 'Control of the hardware breakpoints: which are on, and for what.',
};

function bitsOf({ parent, width, shift }: Register): string {
  return width === 1 ? `Bit ${shift} of ${parent}` : `Bits ${shift + width - 1} to ${shift} of ${parent}`;
}

function textOf(register: Register): RegisterText {
  const { name, parent, kind } = register;
  const purpose = purposes[name] ?? purposes[parent] ?? '';
  const isWhole = name === parent;
  const summary = isWhole ? purpose : `${bitsOf(register)}${kind === 'flag-bit' ? `. ${purpose}` : '.'}`;
  const sentences = [summary];
  if (!isWhole && kind !== 'flag-bit') {
    sentences.push(`${parent}: ${purpose}`);
    sentences.push('A write keeps all other bits, also those of the upper half.');
  }
  if (kind === 'flag-bit' && register.width === 1)
    sentences.push('A write takes the lowest bit of the value.');
  if (name === 'iopl') sentences.push('HyperDbg 0.23 takes the wrong bit when it is written.');
  if (kind !== 'gpr') sentences.push('Without a target, in user mode, it reads as 0 and writes are ignored.');
  return { summary, description: sentences.join(' '), example: exampleOf(register) };
}

function exampleOf({ name, kind, width }: Register): string {
  switch (kind) {
    case 'flag-bit':
      return `if (@${name} == 1) { print(@rip); }`;
    case 'gpr':
      return width === 64
        ? `printf("${name} = %llx\\n", @${name});`
        : `if (@${name} == 1) { print(@${name}); }`;
    default:
      return `print(@${name});`;
  }
}

const texts: readonly RegisterText[] = registers.map(textOf);

/** What to say about a register. */
export function registerText(register: Register): RegisterText {
  return texts[register.id] ?? textOf(register);
}
