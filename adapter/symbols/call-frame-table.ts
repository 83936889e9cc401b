/** `.eh_frame`: how to find the caller at every instruction (DWARF 5 section 6.4, x86-64 ABI section 4.2.4). */

import { ByteCursor, EndOfBytes } from './byte-cursor';
import type { ElfImage } from './elf-image';

/** DWARF register numbers of x86-64. */
export const DwarfRegister = { rbp: 6, rsp: 7, returnAddress: 16 } as const;

export interface CallFrameRules {
  /** Canonical frame address = register + offset. */
  readonly cfaRegister: number;
  readonly cfaOffset: bigint;
  /** Where the caller's registers lie, relative to the frame address. */
  readonly saved: ReadonlyMap<number, bigint>;
  /** The caller does not exist: this is the outermost function. */
  readonly isOutermost: boolean;
}

export interface CallFrameTable {
  /** Rules at an address as linked; undefined where the table says nothing or something beyond us. */
  rulesAt(linkedAddress: bigint): CallFrameRules | undefined;
}

interface CommonEntry {
  readonly codeAlignment: bigint;
  readonly dataAlignment: bigint;
  readonly pointerEncoding: number;
  readonly hasAugmentationData: boolean;
  readonly instructions: ByteCursor;
}

interface FrameEntry {
  readonly start: bigint;
  readonly end: bigint;
  readonly common: CommonEntry;
  readonly instructions: Uint8Array;
}

/** Reads `.eh_frame`. Entries that cannot be understood are left out. */
export function readCallFrames(image: ElfImage): CallFrameTable {
  const section = image.sectionNamed('.eh_frame');
  const bytes = image.sectionBytes('.eh_frame');
  if (section === undefined || bytes === undefined) return { rulesAt: () => undefined };
  const entries = readEntries(bytes, section.address);
  entries.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  return {
    rulesAt(address) {
      const entry = entryAt(entries, address);
      return entry === undefined ? undefined : rulesOf(entry, address);
    },
  };
}

function entryAt(entries: readonly FrameEntry[], address: bigint): FrameEntry | undefined {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.start ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  const entry = entries[low - 1];
  return entry !== undefined && address < entry.end ? entry : undefined;
}

function readEntries(bytes: Uint8Array, sectionAddress: bigint): FrameEntry[] {
  const cursor = new ByteCursor(bytes);
  const commons = new Map<number, CommonEntry | undefined>();
  const entries: FrameEntry[] = [];
  while (cursor.remaining >= 8) {
    const at = cursor.offset;
    const length = cursor.u32();
    if (length === 0) break;
    // The 64-bit form is not used in programs that fit the small code model.
    if (length === 0xffffffff || length > cursor.remaining) break;
    const idOffset = cursor.offset;
    const body = cursor.take(length);
    try {
      const id = body.u32();
      if (id === 0) {
        commons.set(at, readCommon(body));
        continue;
      }
      const common = commons.get(idOffset - id);
      if (common === undefined) continue;
      const entry = readFrame(body, common, sectionAddress + BigInt(idOffset));
      if (entry !== undefined) entries.push(entry);
    } catch (error) {
      // Its neighbours are independent of an entry that ends too early.
      if (!(error instanceof EndOfBytes)) throw error;
    }
  }
  return entries;
}

function readCommon(body: ByteCursor): CommonEntry | undefined {
  const version = body.u8();
  if (version !== 1 && version !== 3) return undefined;
  const augmentation = body.text();
  if (augmentation !== '' && !/^z[RPLSB]*$/.test(augmentation)) return undefined;
  const codeAlignment = BigInt(body.uleb());
  const dataAlignment = BigInt(body.sleb());
  const returnRegister = version === 1 ? body.u8() : body.uleb();
  if (returnRegister !== DwarfRegister.returnAddress) return undefined;
  let pointerEncoding = 0;
  if (augmentation.startsWith('z')) {
    const data = body.take(body.uleb());
    for (const letter of augmentation.slice(1)) {
      if (letter === 'R') pointerEncoding = data.u8();
      else if (letter === 'L') data.u8();
      else if (letter === 'P') skipPointer(data, data.u8());
    }
  }
  return {
    codeAlignment,
    dataAlignment,
    pointerEncoding,
    hasAugmentationData: augmentation.startsWith('z'),
    instructions: body.take(body.remaining),
  };
}

function readFrame(body: ByteCursor, common: CommonEntry, bodyAddress: bigint): FrameEntry | undefined {
  const encoding = common.pointerEncoding;
  const application = encoding & 0x70;
  if (application !== 0 && application !== 0x10) return undefined;
  const base = application === 0x10 ? bodyAddress + BigInt(body.offset) : 0n;
  const start = readPointer(body, encoding);
  const size = readPointer(body, encoding & 0x0f);
  if (start === undefined || size === undefined) return undefined;
  if (common.hasAugmentationData) body.skip(body.uleb());
  const from = BigInt.asUintN(64, base + start);
  const instructions = body.bytes.subarray(body.offset);
  return { start: from, end: from + BigInt.asUintN(32, size), common, instructions };
}

/** DW_EH_PE formats that compilers use for code: absolute, and 4 or 8 bytes. */
function readPointer(cursor: ByteCursor, encoding: number): bigint | undefined {
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c:
      return cursor.u64();
    case 0x03:
      return BigInt(cursor.u32());
    case 0x0b:
      return BigInt.asIntN(32, BigInt(cursor.u32()));
    default:
      return undefined;
  }
}

function skipPointer(cursor: ByteCursor, encoding: number): void {
  if (readPointer(cursor, encoding) === undefined) throw new EndOfBytes();
}

interface RuleState {
  cfaRegister: number;
  cfaOffset: bigint;
  /** The frame address is an expression, which we do not evaluate. */
  isBeyondUs: boolean;
  saved: Map<number, bigint>;
  isOutermost: boolean;
}

function rulesOf(entry: FrameEntry, address: bigint): CallFrameRules | undefined {
  const state: RuleState = {
    cfaRegister: DwarfRegister.rsp,
    cfaOffset: 8n,
    isBeyondUs: false,
    saved: new Map(),
    isOutermost: false,
  };
  try {
    const common = new ByteCursor(entry.common.instructions.bytes);
    runRules(common, entry, undefined, state, new Map());
    const initial = new Map(state.saved);
    runRules(new ByteCursor(entry.instructions), entry, address, state, initial);
  } catch (error) {
    if (error instanceof EndOfBytes) return undefined;
    throw error;
  }
  return state.isBeyondUs ? undefined : state;
}

/** Runs call frame instructions up to `address`; all of them when it is undefined. */
function runRules(
  cursor: ByteCursor,
  entry: FrameEntry,
  address: bigint | undefined,
  state: RuleState,
  initial: ReadonlyMap<number, bigint>,
): void {
  const { codeAlignment, dataAlignment } = entry.common;
  const remembered: RuleState[] = [];
  let location = entry.start;
  /** True when the next row is behind the address. */
  const advance = (delta: number): boolean => {
    location += BigInt(delta) * codeAlignment;
    return address !== undefined && location > address;
  };
  const restore = (register: number): void => {
    const offset = initial.get(register);
    if (offset === undefined) state.saved.delete(register);
    else state.saved.set(register, offset);
  };
  while (cursor.remaining > 0) {
    const opcode = cursor.u8();
    const low = opcode & 0x3f;
    switch (opcode & 0xc0) {
      case 0x40: // DW_CFA_advance_loc
        if (advance(low)) return;
        continue;
      case 0x80: // DW_CFA_offset
        state.saved.set(low, BigInt(cursor.uleb()) * dataAlignment);
        continue;
      case 0xc0: // DW_CFA_restore
        restore(low);
        continue;
    }
    switch (opcode) {
      case 0x00: // DW_CFA_nop
        break;
      case 0x02: // DW_CFA_advance_loc1
        if (advance(cursor.u8())) return;
        break;
      case 0x03: // DW_CFA_advance_loc2
        if (advance(cursor.u16())) return;
        break;
      case 0x04: // DW_CFA_advance_loc4
        if (advance(cursor.u32())) return;
        break;
      case 0x05: // DW_CFA_offset_extended
        state.saved.set(cursor.uleb(), BigInt(cursor.uleb()) * dataAlignment);
        break;
      case 0x06: // DW_CFA_restore_extended
        restore(cursor.uleb());
        break;
      case 0x07: // DW_CFA_undefined
        if (cursor.uleb() === DwarfRegister.returnAddress) state.isOutermost = true;
        break;
      case 0x08: // DW_CFA_same_value
        state.saved.delete(cursor.uleb());
        break;
      case 0x0a: // DW_CFA_remember_state
        remembered.push({ ...state, saved: new Map(state.saved) });
        break;
      case 0x0b: {
        // DW_CFA_restore_state
        const before = remembered.pop();
        if (before !== undefined) Object.assign(state, before);
        break;
      }
      case 0x0c: // DW_CFA_def_cfa
        state.cfaRegister = cursor.uleb();
        state.cfaOffset = BigInt(cursor.uleb());
        state.isBeyondUs = false;
        break;
      case 0x0d: // DW_CFA_def_cfa_register
        state.cfaRegister = cursor.uleb();
        break;
      case 0x0e: // DW_CFA_def_cfa_offset
        state.cfaOffset = BigInt(cursor.uleb());
        break;
      case 0x0f: // DW_CFA_def_cfa_expression
        cursor.skip(cursor.uleb());
        state.isBeyondUs = true;
        break;
      case 0x10: // DW_CFA_expression
      case 0x16: // DW_CFA_val_expression
        state.saved.delete(cursor.uleb());
        cursor.skip(cursor.uleb());
        break;
      case 0x11: // DW_CFA_offset_extended_sf
        state.saved.set(cursor.uleb(), BigInt(cursor.sleb()) * dataAlignment);
        break;
      case 0x12: // DW_CFA_def_cfa_sf
        state.cfaRegister = cursor.uleb();
        state.cfaOffset = BigInt(cursor.sleb()) * dataAlignment;
        break;
      case 0x13: // DW_CFA_def_cfa_offset_sf
        state.cfaOffset = BigInt(cursor.sleb()) * dataAlignment;
        break;
      case 0x2e: // DW_CFA_GNU_args_size
        cursor.uleb();
        break;
      default:
        // The operands of an unknown instruction are unknown: the rest cannot be read.
        throw new EndOfBytes();
    }
  }
}
