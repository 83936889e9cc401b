import type { DebugProtocol } from '@vscode/debugprotocol';
import { type Disassembler, type Instruction, loadDisassembler } from '../../script-engine/asm/disassembler';
import type { DebugSession } from './debug-session';
import type { LiveTarget } from './live-target';
import { addressOfReference } from './memory';

type DapInstruction = DebugProtocol.DisassembledInstruction;

const MAX_INSTRUCTION_BYTES = 15;
const MAX_INSTRUCTIONS = 20_000;
/** Average x86-64 instructions take four bytes; eight leaves room before a second look is needed. */
const BYTES_BACK_EACH = 8;

let disassembler: Promise<Disassembler> | undefined;

/** The disassembler, loaded at its first use. */
export function loadedDisassembler(): Promise<Disassembler> {
  return (disassembler ??= loadDisassembler());
}

/** DAP `disassemble`: exactly as many entries as asked, entry `-instructionOffset` at the reference. */
export async function disassemble(
  session: DebugSession,
  args: DebugProtocol.DisassembleArguments,
): Promise<{ instructions: DapInstruction[] }> {
  const live = session.requireLive();
  const address = addressOfReference(args.memoryReference, args.offset);
  const first = args.instructionOffset ?? 0;
  const count = Math.min(Math.max(0, args.instructionCount), MAX_INSTRUCTIONS);
  const reader = new CodeReader(session, live, await loadedDisassembler());
  return live.whileHalted(async () => {
    const before = first < 0 ? await reader.before(address, -first) : [];
    const needed = first < 0 ? Math.max(0, count + first) : count;
    const skipped = Math.max(0, first);
    const after = needed === 0 ? [] : (await reader.from(address, needed + skipped)).slice(skipped);
    const entries = [...before, ...after].slice(0, count);
    return { instructions: entries.map((entry) => reader.toDap(entry)) };
  });
}

/** Longer functions are listed in part. */
const MAX_LISTED_BYTES = 0x1000;
const LISTED_AROUND = 32;

/** The instructions of the function at `address`, or those around it. */
export async function listCode(
  session: DebugSession,
  live: LiveTarget,
  address: bigint,
): Promise<DapInstruction[]> {
  const reader = new CodeReader(session, live, await loadedDisassembler());
  const range = live.symbols.functionAt(address);
  const isShort = range !== undefined && range.end - range.start <= MAX_LISTED_BYTES;
  const entries = isShort
    ? await reader.within(range.start, range.end)
    : [...(await reader.before(address, LISTED_AROUND)), ...(await reader.from(address, LISTED_AROUND))];
  return entries.filter(({ kind }) => kind === 'code').map((entry) => reader.toDap(entry));
}

type Entry =
  | { readonly kind: 'code'; readonly instruction: Instruction }
  | { readonly kind: 'invalid'; readonly address: bigint };

class CodeReader {
  constructor(
    private readonly session: DebugSession,
    private readonly live: LiveTarget,
    private readonly decoder: Disassembler,
  ) {}

  /** `count` entries from `address` on. */
  async from(address: bigint, count: number): Promise<Entry[]> {
    const entries: Entry[] = [];
    let at = address;
    while (entries.length < count) {
      const missing = count - entries.length;
      const bytes = await this.#read(at, missing * BYTES_BACK_EACH + MAX_INSTRUCTION_BYTES);
      if (bytes.length === 0) return [...entries, ...invalidFrom(at, missing)];
      const decoded = this.decoder.decode(bytes, at, missing);
      if (decoded.length === 0) return [...entries, ...invalidFrom(at, missing)];
      for (const instruction of decoded) entries.push({ kind: 'code', instruction });
      const last = decoded[decoded.length - 1];
      at = last === undefined ? at : last.address + BigInt(last.sizeBytes);
    }
    return entries;
  }

  /** The `count` entries that end right before `address`. */
  async before(address: bigint, count: number): Promise<Entry[]> {
    let back = count * BYTES_BACK_EACH;
    for (;;) {
      const start = this.#syncPoint(address, back);
      const found = await this.#decodeUpTo(start, address);
      if (found.length >= count) return found.slice(found.length - count);
      const exhausted = back > count * MAX_INSTRUCTION_BYTES;
      if (exhausted) {
        const missing = count - found.length;
        const lowest = found[0]?.kind === 'code' ? found[0].instruction.address : address;
        return [...invalidBefore(lowest, missing), ...found];
      }
      back *= 2;
    }
  }

  /** The entries of a stretch, with one question to the target. */
  async within(start: bigint, end: bigint): Promise<Entry[]> {
    const bytes = await this.#read(start, Number(end - start));
    return this.#decodeRange(bytes, start).map((instruction) => ({ kind: 'code', instruction }));
  }

  toDap(entry: Entry): DapInstruction {
    if (entry.kind === 'invalid') {
      return { address: dapAddress(entry.address), instruction: '??', presentationHint: 'invalid' };
    }
    const { instruction } = entry;
    const { symbols } = this.live;
    const place = symbols.placeOf(instruction.address);
    const target = instruction.target === undefined ? undefined : symbols.placeOf(instruction.target);
    const line = symbols.lineOf(instruction.address);
    return {
      address: `0x${instruction.address.toString(16)}`,
      instructionBytes: [...instruction.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      instruction: target === undefined ? instruction.text : `${instruction.text} <${target.text}>`,
      ...(place !== undefined && place.offset === 0n ? { symbol: place.name } : {}),
      ...(line === undefined
        ? {}
        : { location: this.session.sourceOf(line.file), line: this.session.clientLine(line.line) }),
    };
  }

  /** An instruction boundary at least `back` bytes before `address`: the start of a function, where one is known. */
  #syncPoint(address: bigint, back: number): bigint {
    const wanted = address > BigInt(back) ? address - BigInt(back) : 0n;
    return this.live.symbols.startAtOrBefore(wanted) ?? wanted;
  }

  /** Decodes from `start`; tries the following bytes too until the instructions meet `address`. */
  async #decodeUpTo(start: bigint, address: bigint): Promise<Entry[]> {
    const readable = await this.#readableTail(start, address);
    for (let shift = 0; shift < MAX_INSTRUCTION_BYTES && shift < readable.length; shift++) {
      const from = address - BigInt(readable.length - shift);
      const decoded = this.#decodeRange(readable.subarray(shift), from);
      const last = decoded[decoded.length - 1];
      if (last !== undefined && last.address + BigInt(last.sizeBytes) === address) {
        return decoded.map((instruction) => ({ kind: 'code', instruction }));
      }
    }
    return [];
  }

  /** Decodes and starts again at every function on the way: padding between functions must not shift the decoding. */
  #decodeRange(bytes: Uint8Array, from: bigint): Instruction[] {
    const found: Instruction[] = [];
    const end = from + BigInt(bytes.length);
    for (let at = from; at < end;) {
      const current = this.live.symbols.functionAt(at);
      const limit = current !== undefined && current.end > at && current.end < end ? current.end : end;
      const part = bytes.subarray(Number(at - from), Number(limit - from));
      const decoded = this.decoder.decode(part, at, part.length);
      found.push(...decoded);
      const last = decoded[decoded.length - 1];
      const next = last === undefined ? at : last.address + BigInt(last.sizeBytes);
      if (next <= at) return found;
      at = next;
    }
    return found;
  }

  /** The readable bytes right before `address`, down to `start`. */
  async #readableTail(start: bigint, address: bigint): Promise<Uint8Array> {
    let from = start;
    while (from < address) {
      const bytes = await this.#read(from, Number(address - from));
      if (BigInt(bytes.length) === address - from) return bytes;
      // A hole: go on behind the page where the reading broke off.
      from = (from + BigInt(bytes.length) + 0x1000n) & ~0xfffn;
    }
    return new Uint8Array(0);
  }

  async #read(address: bigint, sizeBytes: number): Promise<Uint8Array> {
    const bytes = Uint8Array.from(await this.live.debuggee.readMemory(address, sizeBytes));
    this.session.codeBreakpoints.hideIn(bytes, address);
    return bytes;
  }
}

function invalidFrom(address: bigint, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({ kind: 'invalid', address: address + BigInt(i) }));
}

function invalidBefore(address: bigint, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({ kind: 'invalid', address: address - BigInt(count - i) }));
}

function dapAddress(address: bigint): string {
  return `0x${BigInt.asUintN(64, address).toString(16)}`;
}
