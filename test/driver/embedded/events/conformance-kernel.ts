/** A kernel that executes every instruction events are for, once, with known registers; the labels name the places. */

import { buildKernel } from '../bare-kernel';
import type { GuestProgram } from '../guest-programs';

const CODE = `
  lea rdi, idt[rip]
  lea rax, handler[rip]
  mov ecx, 32
2: mov [rdi], ax
  mov word ptr [rdi + 2], 8
  mov word ptr [rdi + 4], 0x8e00
  shr rax, 16
  mov [rdi + 6], rax
  mov dword ptr [rdi + 12], 0
  lea rax, handler[rip]
  add rdi, 16
  loop 2b
  lea rdi, idt[rip + 16 * 14]
  lea rax, fault_handler[rip]
  mov [rdi], ax
  shr rax, 16
  mov [rdi + 6], rax
  mov dword ptr [rdi + 12], 0
  lidt idtr[rip]
  xor r13, r13
  xor r15, r15
.globl hooked, cpuid_at, rdmsr_at, wrmsr_at, in_at, out_at, dr_at, rdtsc_at, rdtscp_at, rdpmc_at, vmcall_at, cr_at
.globl clts_at, xsetbv_at, int3_at, ud2_at, write_at, read_at, traced, done, cell, cell_end, pushf_at
.globl after_cpuid, after_rdmsr, after_wrmsr, after_in, after_dr, after_rdtsc, after_rdtscp, after_rdpmc, after_cr
.globl after_vmcall, after_xsetbv, after_int3, after_ud2, after_write, after_read, fault_at, after_fault
  mov eax, 1
  mov rcx, 0
cpuid_at: cpuid
after_cpuid: nop
  mov ecx, 0xc0000082
  mov eax, 0x1111
  mov edx, 0
wrmsr_at: wrmsr
  mov eax, 5
  mov edx, 6
rdmsr_at: rdmsr
after_wrmsr: nop
after_rdmsr: nop
  mov edx, 0x60
  mov eax, 0x77
in_at: in al, dx
after_in: nop
  mov edx, 0x3f8
  mov eax, 0x6f
out_at: out dx, al
  mov eax, 0x5555
  xor ebx, ebx
dr_at: mov dr3, rax
  mov rbx, dr3
after_dr: nop
  xor eax, eax
  xor edx, edx
rdtsc_at: rdtsc
after_rdtsc: nop
  xor eax, eax
  xor edx, edx
rdtscp_at: rdtscp
after_rdtscp: nop
  xor r13, r13
  lea r15, after_rdpmc[rip]
  xor ecx, ecx
rdpmc_at: rdpmc
after_rdpmc: nop
  xor r13, r13
  lea r15, after_vmcall[rip]
vmcall_at: vmcall
after_vmcall: nop
  mov rax, cr4
  xor eax, 0x80
cr_at: mov cr4, rax
  mov rbx, cr4
after_cr: nop
clts_at: clts
  xor r13, r13
  lea r15, after_xsetbv[rip]
  xor ecx, ecx
  mov eax, 7
  xor edx, edx
xsetbv_at: xsetbv
after_xsetbv: nop
  xor r13, r13
  xor r15, r15
int3_at: int3
after_int3: nop
  xor r13, r13
  lea r15, after_ud2[rip]
ud2_at: ud2
after_ud2: nop
  mov eax, 0x42
write_at: mov cell[rip], rax
after_write: nop
  xor ebx, ebx
read_at: mov rbx, cell[rip]
after_read: nop
  xor eax, eax
traced: inc eax
  inc eax
  inc eax
  lea r15, after_fault[rip]
  movabs rcx, 0x7fff00000123
fault_at: mov qword ptr [rcx], 1
after_fault: mov rcx, cr2
pushf_at: pushfq
  pop rbx
hooked: nop
done: mov eax, 0x2a
  out 0xf4, al
3: jmp 3b
fault_handler: pop r12
handler: inc r13
  test r15, r15
  jz 4f
  mov [rsp], r15
  xor r15, r15
4: iretq
`;
const DATA = `
.balign 4096
.skip 0x128
cell: .quad 0x1234
cell_end: .skip 3784
`;

export function buildConformanceKernel(test: Mocha.Context): GuestProgram {
  return buildKernel(test, CODE, DATA);
}
