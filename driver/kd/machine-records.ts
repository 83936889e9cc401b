/** Registers and modules as the wire carries them (driver-protocol 7.5, 8.2, 8.4). */

import type { RegisterFile, TargetModule } from '../debuggee';
import type { StructOf } from '../sdk/layout';
import { GUEST_REGS, type GUEST_EXTRA_REGISTERS, type MODULE_SYMBOL_DETAIL } from '../sdk/structs.generated';

import { bytesToText, textToBytes } from './text-bytes';

export type GuestRegisters = StructOf<typeof GUEST_REGS>;
export type ExtraRegisters = StructOf<typeof GUEST_EXTRA_REGISTERS>;
export type ModuleDetail = StructOf<typeof MODULE_SYMBOL_DETAIL>;

const GENERAL_NAMES = GUEST_REGS.fields.map((field) => field.name as keyof GuestRegisters);

export function registerFileOf(general: GuestRegisters, extra: ExtraRegisters): RegisterFile {
  return {
    general: BigUint64Array.from(GENERAL_NAMES, (name) => general[name]),
    cs: extra.CS,
    ss: extra.SS,
    ds: extra.DS,
    es: extra.ES,
    fs: extra.FS,
    gs: extra.GS,
    rflags: extra.RFLAGS,
    rip: extra.RIP,
  };
}

export function guestRegistersOf(general: BigUint64Array): GuestRegisters {
  const registers = GUEST_REGS.zero();
  GENERAL_NAMES.forEach((name, i) => (registers[name] = general[i] ?? 0n));
  return registers;
}

// Paths are code-page bytes; a path of other characters goes as UTF-8, one wire character a byte.
export function moduleOfRecord(record: ModuleDetail): TargetModule {
  return {
    path: wireTextToText(record.FilePath),
    baseAddress: record.BaseAddress,
    isUserMode: record.IsUserMode,
    is32Bit: record.Is32Bit,
  };
}

export function recordOfModule(module: TargetModule): ModuleDetail {
  return {
    IsSymbolDetailsFound: false,
    IsLocalSymbolPath: false,
    IsSymbolPDBAvaliable: false,
    IsUserMode: module.isUserMode,
    Is32Bit: module.is32Bit,
    BaseAddress: module.baseAddress,
    FilePath: textToWireText(module.path),
    ModuleSymbolPath: '',
    ModuleSymbolGuidAndAge: '',
  };
}

function textToWireText(text: string): string {
  return String.fromCharCode(...textToBytes(text));
}

function wireTextToText(text: string): string {
  return bytesToText(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
