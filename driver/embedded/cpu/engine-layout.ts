/**
 * Five facts about Unicorn's inside that its interface does not offer, found by experiment on a throw-away engine so
 * that they hold for the library at hand:
 * - `oldException`: after an exception is handed to the embedder the engine still believes it is being delivered, and the
 *   next one becomes a double fault. Resetting this field of a saved context cures it.
 * - `errorCode`, `isSoftware`: error code of the last exception, and whether an `int` instruction made it.
 * - `noExitRequest`: with this byte of the engine set, a stop asked for by another thread takes effect between translated
 *   blocks only; otherwise it can interrupt a read-modify-write instruction, which then runs twice.
 * - `segments`: where a saved context keeps ES, CS, SS and so on with their hidden parts, and before them the flags with the
 *   privilege level. Writing a selector through the interface changes the selector alone, not what the CPU may do.
 * - `debugRegisters`: where a saved context keeps DR0 to DR7, and behind them what the engine has made of the first four (see
 *   hidden-breakpoints).
 */

import { Unicorn, type UnicornContext, type UnicornLibrary } from '../../native/unicorn';
import { UC_PROTECTION } from '../../native/unicorn-constants';
import { enableLongMode } from './long-mode';

export interface EngineLayout {
  readonly oldException: number;
  readonly errorCode: number;
  readonly isSoftware: number;
  readonly noExitRequest: number;
  readonly segments: number;
  readonly debugRegisters: number;
}

/** The library does not look as expected; another build must be used. */
export class UnknownEngineError extends Error {
  override readonly name = 'UnknownEngineError';
}

const NO_EXCEPTION = -1;
const PAGE_FAULT = 14;
const WRITE_ERROR_CODE = 2;
/** How far before `old_exception` the other exception fields can be. */
const EXCEPTION_FIELDS_BYTES = 160;
/** Bytes of the context's own header before the CPU state. */
const CONTEXT_HEADER_BYTES = 40;

const known = new WeakMap<UnicornLibrary, EngineLayout>();

export function engineLayout(library: UnicornLibrary): EngineLayout {
  const before = known.get(library);
  if (before !== undefined) return before;
  const layout = measure(library);
  known.set(library, layout);
  return layout;
}

const MEMORY_BYTES = 16 << 20;
const READ_FAULT = { address: 0x10_0000, code: [0x8b, 0x04, 0x25, 0x00, 0x00, 0x00, 0x7f, 0x90] };
const WRITE_FAULT = { address: 0x10_1000, code: [0x89, 0x04, 0x25, 0x00, 0x00, 0x00, 0x7f, 0x90] };
const SOFTWARE_INTERRUPT = { address: 0x10_2000, code: [0xcd, 0x80, 0x90] };

function measure(library: UnicornLibrary): EngineLayout {
  const engine = new Unicorn(library);
  const context = engine.createContext();
  try {
    engine.map(0n, MEMORY_BYTES, UC_PROTECTION.all);
    enableLongMode(engine, writeIdentityTables(engine));
    for (const { address, code } of [READ_FAULT, WRITE_FAULT, SOFTWARE_INTERRUPT]) {
      engine.writeMemory(BigInt(address), Uint8Array.from(code));
    }
    engine.onInterrupt(() => engine.requestStop());
    return {
      ...findFields(engine, context),
      segments: findSegments(engine, context),
      debugRegisters: findDebugRegisters(engine, context),
    };
  } finally {
    context.dispose();
    engine.dispose();
  }
}

/** Maps the first 16 MiB one to one with large pages; returns CR3. */
function writeIdentityTables(engine: Unicorn): bigint {
  const table = (address: number, entries: readonly bigint[]): void =>
    engine.writeMemory(BigInt(address), new Uint8Array(BigUint64Array.from(entries).buffer));
  table(0x1000, [0x2007n]);
  table(0x2000, [0x3007n]);
  table(
    0x3000,
    Array.from({ length: 8 }, (_, index) => (BigInt(index) << 21n) | 0x87n),
  );
  return 0x1000n;
}

function findFields(
  engine: Unicorn,
  context: UnicornContext,
): Omit<EngineLayout, 'segments' | 'debugRegisters'> {
  const snapshot = (): DataView => {
    context.save();
    return new DataView(context.bytes().slice().buffer);
  };
  const runAt = (address: number): DataView => {
    engine.start(BigInt(address), 0n, 0, 16);
    return snapshot();
  };
  const before = snapshot();
  const afterRead = runAt(READ_FAULT.address);
  const oldException = only(
    'the exception in flight',
    offsets(before, 0, before.byteLength).filter(
      (at) => before.getInt32(at, true) === NO_EXCEPTION && afterRead.getInt32(at, true) === PAGE_FAULT,
    ),
  );
  context.save();
  context.writeInt(oldException, NO_EXCEPTION);
  context.restore();
  const afterWrite = runAt(WRITE_FAULT.address);
  const errorCode = only(
    'the error code',
    offsets(before, oldException - EXCEPTION_FIELDS_BYTES, oldException).filter(
      (at) => afterRead.getInt32(at, true) === 0 && afterWrite.getInt32(at, true) === WRITE_ERROR_CODE,
    ),
  );
  const isSoftware = errorCode + 4;
  const afterInterrupt = runAt(SOFTWARE_INTERRUPT.address);
  if (afterInterrupt.getInt32(isSoftware, true) !== 1 || afterWrite.getInt32(isSoftware, true) !== 0) {
    throw new UnknownEngineError('the mark of software interrupts was not found');
  }
  return { oldException, errorCode, isSoftware, noExitRequest: findNoExitRequest(engine, context.sizeBytes) };
}

/** Bytes of one segment register with its hidden part. */
export const SEGMENT_BYTES = 24;
const MARKED_SEGMENTS = [
  ['es', 0x1110],
  ['cs', 0x2220],
  ['ss', 0x3330],
  ['ds', 0x4440],
] as const;

function findSegments(engine: Unicorn, context: UnicornContext): number {
  for (const [register, selector] of MARKED_SEGMENTS) engine.writeRegister(register, BigInt(selector));
  context.save();
  const view = new DataView(context.bytes().slice().buffer);
  const isStart = (at: number): boolean =>
    MARKED_SEGMENTS.every(
      ([, selector], index) => view.getUint32(at + SEGMENT_BYTES * index, true) === selector,
    );
  const end = view.byteLength - SEGMENT_BYTES * MARKED_SEGMENTS.length;
  return only('the segment registers', offsets(view, 0, end).filter(isStart));
}

const DEBUG_MARKS = [
  ['dr0', 0x1234_5671],
  ['dr1', 0x1234_5672],
  ['dr2', 0x1234_5673],
  ['dr3', 0x1234_5674],
] as const;

function findDebugRegisters(engine: Unicorn, context: UnicornContext): number {
  for (const [register, value] of DEBUG_MARKS) engine.writeRegister(register, BigInt(value));
  context.save();
  const view = new DataView(context.bytes().slice().buffer);
  const isStart = (at: number): boolean =>
    DEBUG_MARKS.every(([, value], index) => view.getUint32(at + 8 * index, true) === value);
  return only(
    'the debug registers',
    offsets(view, 0, view.byteLength - 8 * DEBUG_MARKS.length).filter(isStart),
  );
}

function offsets(view: DataView, start: number, end: number): number[] {
  const first = Math.max(0, start) & ~3;
  const last = Math.min(end, view.byteLength - 4);
  return Array.from({ length: Math.max(0, (last - first) >> 2) }, (_, index) => first + 4 * index);
}

/** The byte stands behind the size of the CPU state and an 8-byte field, among flags of known value. */
function findNoExitRequest(engine: Unicorn, contextBytes: number): number {
  const found: number[] = [];
  for (let at = 512; at + 40 < 4096; at += 4) {
    if (
      engine.readEngineInt(at) !== 1 ||
      engine.readEngineInt(at + 4) !== contextBytes - CONTEXT_HEADER_BYTES
    )
      continue;
    const flags = ((at + 8 + 7) & ~7) + 8;
    const [insert, , noExit, ready] = [0, 1, 2, 3].map((index) => engine.readEngineByte(flags + index));
    if (insert === 0 && (noExit ?? 2) <= 1 && ready === 1) found.push(flags + 2);
  }
  return only('the stop switch', found);
}

function only(what: string, candidates: readonly number[]): number {
  const [first] = candidates;
  if (first === undefined || candidates.length !== 1) {
    throw new UnknownEngineError(`${what} was found at ${candidates.length} places instead of one`);
  }
  return first;
}
