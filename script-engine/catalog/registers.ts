/** CPU registers that a script can name (script-language 10). The id is what stands in the symbol buffer. */

export type RegisterKind = 'gpr' | 'segment' | 'flags' | 'flag-bit' | 'ip' | 'table' | 'control' | 'debug';

export interface Register {
  readonly name: string;
  readonly id: number;
  readonly kind: RegisterKind;
  /** The 64-bit register it is a part of; its own name when it is whole. */
  readonly parent: string;
  /** Width in bits. */
  readonly width: number;
  /** Lowest bit inside the parent. */
  readonly shift: number;
  /** Index in GUEST_REGS for general registers. */
  readonly generalIndex: number | undefined;
}

/** Order of GUEST_REGS (script-engine.json layout.guestRegsOrder). */
export const generalRegisterOrder = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;

/** Names of the five parts of a general register: 64, 32, 16, high 8 and low 8 bits; ids run in this order. */
const generalParts: readonly (readonly string[])[] = [
  ['rax', 'eax', 'ax', 'ah', 'al'],
  ['rcx', 'ecx', 'cx', 'ch', 'cl'],
  ['rdx', 'edx', 'dx', 'dh', 'dl'],
  ['rbx', 'ebx', 'bx', 'bh', 'bl'],
  ['rsp', 'esp', 'sp', 'spl'],
  ['rbp', 'ebp', 'bp', 'bpl'],
  ['rsi', 'esi', 'si', 'sil'],
  ['rdi', 'edi', 'di', 'dil'],
  ['r8', 'r8d', 'r8w', 'r8h', 'r8l'],
  ['r9', 'r9d', 'r9w', 'r9h', 'r9l'],
  ['r10', 'r10d', 'r10w', 'r10h', 'r10l'],
  ['r11', 'r11d', 'r11w', 'r11h', 'r11l'],
  ['r12', 'r12d', 'r12w', 'r12h', 'r12l'],
  ['r13', 'r13d', 'r13w', 'r13h', 'r13l'],
  ['r14', 'r14d', 'r14w', 'r14h', 'r14l'],
  ['r15', 'r15d', 'r15w', 'r15h', 'r15l'],
];

const flagBits: readonly (readonly [name: string, bit: number, width?: number])[] = [
  ['cf', 0],
  ['pf', 2],
  ['af', 4],
  ['zf', 6],
  ['sf', 7],
  ['tf', 8],
  ['if', 9],
  ['df', 10],
  ['of', 11],
  ['iopl', 12, 2],
  ['nt', 14],
  ['rf', 16],
  ['vm', 17],
  ['ac', 18],
  ['vif', 19],
  ['vip', 20],
  ['id', 21],
];

function allRegisters(): readonly Register[] {
  const list: Register[] = [];
  const add = (
    name: string,
    kind: RegisterKind,
    width: number,
    parent = name,
    shift = 0,
    generalIndex?: number,
  ): void => {
    list.push({ name, id: list.length, kind, parent, width, shift, generalIndex });
  };
  generalParts.forEach((family, familyIndex) => {
    const [parent = ''] = family;
    // Four names mean that there is no high byte (rsp, rbp, rsi, rdi).
    const widths = family.length === 5 ? [64, 32, 16, 8, 8] : [64, 32, 16, 8];
    family.forEach((name, part) =>
      add(name, 'gpr', widths[part] ?? 64, parent, family.length === 5 && part === 3 ? 8 : 0, familyIndex),
    );
  });
  for (const name of ['ds', 'es', 'fs', 'gs', 'cs', 'ss']) add(name, 'segment', 16);
  add('rflags', 'flags', 64);
  add('eflags', 'flags', 32, 'rflags');
  add('flags', 'flags', 16, 'rflags');
  for (const [name, bit, width = 1] of flagBits) add(name, 'flag-bit', width, 'rflags', bit);
  add('rip', 'ip', 64);
  add('eip', 'ip', 32, 'rip');
  add('ip', 'ip', 16, 'rip');
  for (const name of ['idtr', 'ldtr', 'gdtr', 'tr']) add(name, 'table', 64);
  for (const name of ['cr0', 'cr2', 'cr3', 'cr4', 'cr8']) add(name, 'control', 64);
  for (const name of ['dr0', 'dr1', 'dr2', 'dr3', 'dr6', 'dr7']) add(name, 'debug', 64);
  return list;
}

/** All registers; the index is the id. */
export const registers: readonly Register[] = allRegisters();

const byName = new Map(registers.map((register) => [register.name, register]));

/** The register of that name, without `@`; names are lower case. */
export function registerByName(name: string): Register | undefined {
  return byName.get(name);
}

/** The register with that id of the symbol buffer. */
export function registerById(id: number): Register | undefined {
  return registers[id];
}
