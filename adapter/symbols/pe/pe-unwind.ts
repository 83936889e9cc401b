/** `.pdata` and `.xdata`: how to find the caller (Microsoft's "x64 exception handling", UNWIND_INFO). */

import { ByteCursor, EndOfBytes } from '../byte-cursor';
import { type CallFrameRules, type CallFrameTable, DwarfRegister } from '../call-frame-table';
import { epilogRules } from './pe-epilog';
import { PeDirectory, type PeImage } from './pe-image';

export interface RuntimeFunction {
  readonly begin: number;
  readonly end: number;
  readonly unwindInfo: number;
}

/** DWARF numbers of the registers in the order of their machine encoding. */
export const DWARF_OF_MACHINE = [0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15] as const;

const ENTRY_SIZE = 12;
const MAX_TABLE_BYTES = 64 * 1024 * 1024;
/** A chain is one or two long; a ring must end. */
const MAX_CHAIN = 32;
const FLAG_CHAINED = 4;

const enum Operation {
  pushNonvolatile = 0,
  allocateLarge = 1,
  allocateSmall = 2,
  setFrameRegister = 3,
  saveNonvolatile = 4,
  saveNonvolatileFar = 5,
  epilog = 6,
  saveXmm = 8,
  saveXmmFar = 9,
  pushMachineFrame = 10,
}

/** The function table of an image. */
export interface UnwindTable extends CallFrameTable {
  /** The entry that holds an address, which may be only a part of its function. */
  entryAt(rva: number): RuntimeFunction | undefined;
  readonly entryCount: number;
}

/** Reads `.pdata`. Without one every function counts as unknown. */
export function readUnwindTable(image: PeImage): UnwindTable {
  const { rva, sizeBytes } = image.directory(PeDirectory.exception);
  const size = Math.min(sizeBytes, MAX_TABLE_BYTES);
  const bytes = rva === 0 ? undefined : attempt(() => image.bytesUpTo(rva, size));
  const view =
    bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entryCount = bytes === undefined ? 0 : Math.floor(bytes.length / ENTRY_SIZE);
  const entry = (index: number): RuntimeFunction => ({
    begin: view?.getUint32(index * ENTRY_SIZE, true) ?? 0,
    end: view?.getUint32(index * ENTRY_SIZE + 4, true) ?? 0,
    unwindInfo: view?.getUint32(index * ENTRY_SIZE + 8, true) ?? 0,
  });
  const entryAt = (address: number): RuntimeFunction | undefined => {
    let low = 0;
    let high = entryCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entry(middle).begin <= address) low = middle + 1;
      else high = middle;
    }
    const found = low === 0 ? undefined : entry(low - 1);
    return found !== undefined && address < found.end ? found : undefined;
  };
  return {
    entryCount,
    entryAt,
    rulesAt(linkedAddress) {
      const address = Number(linkedAddress);
      if (entryCount === 0 || image.sectionAt(address)?.isExecutable !== true) return undefined;
      const found = entryAt(address);
      // A function without an entry is a leaf: it changes neither RSP nor a saved register.
      if (found === undefined) return finish({ register: DwarfRegister.rsp, position: 0n, saved: new Map() });
      return attempt(() => rulesWithin(image, found, address));
    },
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EndOfBytes) return undefined;
    throw error;
  }
}

interface UnwindInfo {
  readonly prologSize: number;
  readonly frameRegister: number;
  readonly frameOffset: bigint;
  readonly codes: readonly {
    readonly at: number;
    readonly operation: number;
    readonly info: number;
    readonly operand: number;
  }[];
  readonly chained: RuntimeFunction | undefined;
}

function rulesWithin(image: PeImage, entry: RuntimeFunction, address: number): CallFrameRules | undefined {
  const info = readUnwindInfo(image, entry.unwindInfo);
  const distance = address - entry.begin;
  if (distance >= info.prologSize) {
    const epilog = epilogRules(image, entry, address);
    if (epilog !== undefined) return epilog;
  }
  const state: FrameState = { register: DwarfRegister.rsp, position: 0n, saved: new Map() };
  let current = info;
  let executedUpTo = distance;
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    if (!applyCodes(current, executedUpTo, state)) return undefined;
    if (current.chained === undefined) return finish(state);
    current = readUnwindInfo(image, current.chained.unwindInfo);
    executedUpTo = Number.MAX_SAFE_INTEGER;
  }
  return undefined;
}

/** Where the stack pointer was: `register` + `position`. Saved registers are relative to the same register. */
interface FrameState {
  register: number;
  position: bigint;
  saved: Map<number, bigint>;
}

/** False where the frame is one of an interrupt, whose RSP is stored instead of computed. */
function applyCodes(info: UnwindInfo, executedUpTo: number, state: FrameState): boolean {
  const executed = info.codes.filter((code) => code.at <= executedUpTo);
  const hasFrame = executed.some((code) => code.operation === Operation.setFrameRegister);
  if (hasFrame) {
    state.register = DWARF_OF_MACHINE[info.frameRegister] ?? DwarfRegister.rbp;
    state.position = -info.frameOffset;
  }
  // Offsets of saved registers count from the fixed part of the frame.
  const base = state.position;
  for (const { operation, info: detail, operand } of executed) {
    const register = DWARF_OF_MACHINE[detail] ?? 0;
    switch (operation) {
      case Operation.pushNonvolatile:
        state.saved.set(register, state.position);
        state.position += 8n;
        break;
      case Operation.allocateLarge:
      case Operation.allocateSmall:
        state.position += BigInt(operand);
        break;
      case Operation.setFrameRegister:
        // What was allocated after it does not count: the frame register stands still.
        state.position = -info.frameOffset;
        break;
      case Operation.saveNonvolatile:
      case Operation.saveNonvolatileFar:
        state.saved.set(register, base + BigInt(operand));
        break;
      case Operation.pushMachineFrame:
        return false;
    }
  }
  return true;
}

function finish(state: FrameState): CallFrameRules {
  const cfaOffset = state.position + 8n;
  const saved = new Map([...state.saved].map(([register, at]) => [register, at - cfaOffset]));
  saved.set(DwarfRegister.returnAddress, -8n);
  return { cfaRegister: state.register, cfaOffset, saved, isOutermost: false };
}

function readUnwindInfo(image: PeImage, reference: number, depth = 0): UnwindInfo {
  if (depth > MAX_CHAIN) throw new EndOfBytes();
  // Bit 0: the entry shares the unwind data of another entry.
  if ((reference & 1) !== 0) {
    const entry = new ByteCursor(image.bytesAt((reference & ~1) >>> 0, ENTRY_SIZE));
    entry.skip(8);
    return readUnwindInfo(image, entry.u32(), depth + 1);
  }
  const head = new ByteCursor(image.bytesAt(reference, 4));
  const versionAndFlags = head.u8();
  const version = versionAndFlags & 7;
  if (version !== 1 && version !== 2) throw new EndOfBytes();
  const prologSize = head.u8();
  const slotCount = head.u8();
  const frame = head.u8();
  const isChained = ((versionAndFlags >> 3) & FLAG_CHAINED) !== 0;
  const evenSlots = slotCount + (slotCount & 1);
  const cursor = new ByteCursor(image.bytesAt(reference + 4, evenSlots * 2 + (isChained ? ENTRY_SIZE : 0)));
  const codes = [];
  while (cursor.offset < slotCount * 2) {
    const at = cursor.u8();
    const both = cursor.u8();
    const operation = both & 15;
    const detail = both >> 4;
    codes.push({ at, operation, info: detail, operand: operandOf(cursor, operation, detail) });
  }
  cursor.seek(evenSlots * 2);
  const chained = isChained
    ? { begin: cursor.u32(), end: cursor.u32(), unwindInfo: cursor.u32() }
    : undefined;
  // Version 2 lists epilogs among the codes; they are found in the machine code here.
  const prolog = codes.filter((code) => code.operation !== Operation.epilog);
  return {
    prologSize,
    frameRegister: frame & 15,
    frameOffset: BigInt((frame >> 4) * 16),
    codes: prolog,
    chained,
  };
}

function operandOf(cursor: ByteCursor, operation: number, detail: number): number {
  switch (operation) {
    case Operation.allocateLarge:
      return detail === 0 ? cursor.u16() * 8 : cursor.u32();
    case Operation.allocateSmall:
      return detail * 8 + 8;
    case Operation.saveNonvolatile:
      return cursor.u16() * 8;
    case Operation.saveNonvolatileFar:
      return cursor.u32();
    case Operation.saveXmm:
      return cursor.u16() * 16;
    case Operation.saveXmmFar:
      return cursor.u32();
    case Operation.pushNonvolatile:
    case Operation.setFrameRegister:
    case Operation.epilog:
    case Operation.pushMachineFrame:
      return 0;
    default:
      // Its number of slots is unknown, so what follows cannot be read.
      throw new EndOfBytes();
  }
}
