/** Numbers of Unicorn's C interface (version 2.1; unicorn.h and x86.h of the library's package). */

export const UC_ARCH_X86 = 4;
export const UC_MODE_64 = 8;

export const UC_ERROR = { ok: 0 } as const;

/** Bits of uc_hook_type. */
export const UC_HOOK = {
  interrupt: 1 << 0,
  instruction: 1 << 1,
  invalidInstruction: 1 << 14,
  tlbFill: 1 << 17,
} as const;

export const UC_PROTECTION = { read: 1, write: 2, execute: 4, all: 7 } as const;

/** uc_mem_type. */
export const UC_MEMORY_ACCESS = { read: 16, write: 17, fetch: 18 } as const;

/** uc_tlb_type. */
export const UC_TLB = { cpu: 0, virtual: 1 } as const;

/** uc_x86_insn. */
export const UC_X86_INSTRUCTION = { in: 218, out: 500, syscall: 699 } as const;

const CTL_WRITE = 1 << 30;
const control = (type: number, argumentCount: number): number => type | (argumentCount << 26) | CTL_WRITE;

/** Codes of uc_ctl, with the number of arguments and the direction that the library's macros add. */
export const UC_CONTROL = {
  useExits: control(4, 1),
  exits: control(6, 2),
  flushTranslations: control(10, 0),
  flushTlb: control(11, 0),
  tlbType: control(12, 1),
} as const;

/** uc_x86_reg. */
export const UC_X86_REGISTER = {
  cs: 11,
  ds: 17,
  es: 28,
  fs: 32,
  gs: 33,
  rax: 35,
  rbp: 36,
  rbx: 37,
  rcx: 38,
  rdi: 39,
  rdx: 40,
  rip: 41,
  rsi: 43,
  rsp: 44,
  ss: 49,
  cr0: 50,
  cr2: 52,
  cr3: 53,
  cr4: 54,
  cr8: 58,
  dr0: 66,
  dr1: 67,
  dr2: 68,
  dr3: 69,
  dr6: 72,
  dr7: 73,
  r8: 106,
  r9: 107,
  r10: 108,
  r11: 109,
  r12: 110,
  r13: 111,
  r14: 112,
  r15: 113,
  idtr: 242,
  gdtr: 243,
  ldtr: 244,
  tr: 245,
  fpcw: 246,
  msr: 248,
  mxcsr: 249,
  fsBase: 250,
  gsBase: 251,
  rflags: 253,
} as const;

/** XMM0; the fifteen others follow. */
export const UC_X86_REGISTER_XMM0 = 122;

export type UnicornRegister = keyof typeof UC_X86_REGISTER;
