/** CPUID as the machine's CPU answers it: the instruction itself is run, beside the guest. */

import type { CodeRunner } from './events/event-host';
import type { CpuidResult } from './server/machine';

/** GUEST_REGS order. */
const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const REGISTER_COUNT = 16;

/** fn(RCX, RDX = GUEST_REGS*, R8): CPUID with the EAX and ECX of the record, all four results into it. */
// prettier-ignore
const CODE = Uint8Array.from([
  0x53,                   // push rbx
  0x49, 0x89, 0xd1,       // mov r9, rdx
  0x41, 0x8b, 0x01,       // mov eax, [r9]
  0x41, 0x8b, 0x49, 0x08, // mov ecx, [r9+8]
  0x0f, 0xa2,             // cpuid
  0x49, 0x89, 0x01,       // mov [r9], rax
  0x49, 0x89, 0x49, 0x08, // mov [r9+8], rcx
  0x49, 0x89, 0x51, 0x10, // mov [r9+16], rdx
  0x49, 0x89, 0x59, 0x18, // mov [r9+24], rbx
  0x5b,                   // pop rbx
  0xc3,                   // ret
]);

/** undefined when no code can run any more, because the debugger has broken the page tables. */
export function runCpuid(runner: CodeRunner, leaf: number, subleaf: number): CpuidResult | undefined {
  const registers = new BigUint64Array(REGISTER_COUNT);
  registers[RAX] = BigInt(leaf >>> 0);
  registers[RCX] = BigInt(subleaf >>> 0);
  const run = runner.run(CODE, 'action', registers, 0n, undefined);
  if (!run.ok) return undefined;
  const part = (index: number): number => Number(BigInt.asUintN(32, registers[index] ?? 0n));
  return { eax: part(RAX), ebx: part(RBX), ecx: part(RCX), edx: part(RDX) };
}
