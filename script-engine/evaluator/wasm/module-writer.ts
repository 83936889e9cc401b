/** Puts a function body into a WebAssembly module: one imported memory, one imported function, one exported function. */

import { writeUnsigned } from './code-writer';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const I32 = 0x7f;
const I64 = 0x7e;
const F64 = 0x7c;
const FUNCTION_TYPE = 0x60;
const TYPE_SECTION = 1;
const IMPORT_SECTION = 2;
const FUNCTION_SECTION = 3;
const EXPORT_SECTION = 7;
const CODE_SECTION = 10;

/** Index of the imported `step` for calls. */
export const STEP_FUNCTION = 0;

export interface LocalCounts {
  readonly i32: number;
  readonly i64: number;
  readonly f64: number;
}

/**
 * The module of a body: imports `host.memory` and `host.step(slot, completed, baseIndex) -> slot`, exports
 * `run(limit, entry) -> slot`.
 */
export function moduleOf(body: readonly number[], locals: LocalCounts): Uint8Array {
  const code: number[] = [];
  vector(code, [
    [...unsigned(locals.i32), I32],
    [...unsigned(locals.i64), I64],
    [...unsigned(locals.f64), F64],
  ]);
  append(code, body);
  code.push(0x0b);
  const bytes = [...HEADER];
  section(bytes, TYPE_SECTION, [
    [FUNCTION_TYPE, 3, I32, I32, I32, 1, I32],
    [FUNCTION_TYPE, 2, I32, I32, 1, I32],
  ]);
  section(bytes, IMPORT_SECTION, [
    [...text('host'), ...text('memory'), 0x02, 0x01, 1, 1],
    [...text('host'), ...text('step'), 0x00, 0],
  ]);
  section(bytes, FUNCTION_SECTION, [[1]]);
  section(bytes, EXPORT_SECTION, [[...text('run'), 0x00, 1]]);
  section(bytes, CODE_SECTION, [sized(code)]);
  return Uint8Array.from(bytes);
}

function section(bytes: number[], id: number, entries: readonly (readonly number[])[]): void {
  const content: number[] = [];
  vector(content, entries);
  bytes.push(id);
  writeUnsigned(bytes, content.length);
  append(bytes, content);
}

function vector(bytes: number[], entries: readonly (readonly number[])[]): void {
  writeUnsigned(bytes, entries.length);
  for (const entry of entries) append(bytes, entry);
}

/** Without spreading: a function body may be longer than a call may have arguments. */
function append(bytes: number[], more: readonly number[]): void {
  for (const byte of more) bytes.push(byte);
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  writeUnsigned(bytes, value);
  return bytes;
}

function text(name: string): number[] {
  return [...unsigned(name.length), ...Array.from(name, (letter) => letter.charCodeAt(0))];
}

function sized(content: readonly number[]): number[] {
  const bytes = unsigned(content.length);
  append(bytes, content);
  return bytes;
}
