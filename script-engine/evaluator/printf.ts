/** `printf` and `print` (script-language 8). */

import { scriptLimits } from '../catalog/keywords';
import { SymbolKind, ValueKind } from '../catalog/opcodes';
import type { Execution } from './execution';
import { fixedSix, floatOf } from './float-value';
import type { HandlerGroup } from './instruction-table';
import { stringStart } from './prepare';
import { scanFormat, type FormatPart, type Specifier } from './printf-format';
import { fault, hex } from './script-fault';
import { latin1, textOf } from './script-text';
import { readUnits, TextReader } from './text-reader';

/** Measured: a text of 4094 characters is the longest that fits the buffer. */
const LONGEST_TEXT = scriptLimits.printfOutputBytes - 2;
const WIDE_BLOCK_UNITS = 50;

/** No script runs while another one's text is made, and a new buffer would cost more than the text. */
const outputBytes = new Uint8Array(LONGEST_TEXT);

class Output {
  readonly #bytes = outputBytes;
  #length = 0;

  get room(): number {
    return LONGEST_TEXT - this.#length;
  }

  #require(room: number): void {
    if (room > this.room) fault(`the printed text is longer than ${LONGEST_TEXT} characters`);
  }

  add(bytes: Uint8Array): void {
    this.#require(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  addText(text: string): void {
    this.#require(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** The text ends at the first NUL: it is printed as a C string. Good until the next one is made. */
  visible(): Uint8Array {
    const written = this.#bytes.subarray(0, this.#length);
    const end = written.indexOf(0);
    return end < 0 ? written : written.subarray(0, end);
  }
}

function formatOf(run: Execution, slot: number): readonly FormatPart[] {
  const known = run.script.formats.get(slot);
  if (known !== undefined) return known;
  if (run.script.kinds[slot] !== SymbolKind.STRING) fault('the format is no string');
  const start = stringStart(slot);
  const bytes = run.script.bytes.subarray(start, start + (run.script.lengths[slot] ?? 0));
  const end = bytes.indexOf(0);
  const format = scanFormat(end < 0 ? bytes : bytes.subarray(0, end));
  run.script.formats.set(slot, format);
  return format;
}

function printf(run: Execution): void {
  const format = formatOf(run, run.operand());
  const countSlot = run.operand();
  const count = run.script.indexes[countSlot] ?? 0;
  const wanted = format.reduce((sum, part) => sum + (part.kind === 'argument' ? 1 : 0), 0);
  if (count !== wanted) fault(`the format takes ${wanted} arguments, but the call has ${count}`);
  const output = new Output();
  for (const part of format) {
    if (part.kind === 'text') output.add(part.bytes);
    else addArgument(run, output, part.specifier, run.operand());
  }
  const bytes = output.visible();
  if (bytes.length > 0) run.machine.print(run.upstreamFaults ? latin1(bytes) : textOf(bytes));
}

function addArgument(run: Execution, output: Output, specifier: Specifier, slot: number): void {
  const valueKind = run.script.lengths[slot] ?? 0;
  const value = run.read(slot);
  const isFloating = valueKind === ValueKind.FLOAT32 || valueKind === ValueKind.FLOAT64;
  if (isFloating !== (specifier.conversion === 'f')) {
    fault(isFloating ? 'a float or double is printed with %f only' : '%f takes a float or double');
  }
  switch (specifier.conversion) {
    case 'f':
      output.addText(fixedSix(floatOf(value, valueKind)));
      return;
    case 's':
      addString(run, output, value, specifier.wide);
      return;
    case 'c':
      output.add(Uint8Array.of(Number(value & 0xffn)));
      return;
    case 'p':
      output.addText(value.toString(16).toUpperCase().padStart(16, '0'));
      return;
    default:
      output.addText(integerText(value, specifier));
  }
}

function integerText(value: bigint, { conversion, bits }: Specifier): string {
  if (conversion === 'd' || conversion === 'i') return BigInt.asIntN(bits, value).toString();
  const unsigned = BigInt.asUintN(bits, value);
  return unsigned.toString(conversion === 'x' ? 16 : conversion === 'o' ? 8 : 10);
}

function addString(run: Execution, output: Output, address: bigint, wide: boolean): void {
  const reader = new TextReader(run.addresses, address, wide ? 2 : 1);
  const units = readUnits(reader, scriptLimits.printfOutputBytes);
  if (units === undefined) fault(`there is no readable string at ${hex(address)}`);
  if (wide && run.upstreamFaults && units.length % WIDE_BLOCK_UNITS === 0) {
    units.splice(Math.max(0, units.length - WIDE_BLOCK_UNITS));
  }
  // Upstream leaves out a string that does not fit, without a word.
  if (units.length > output.room) return;
  output.add(Uint8Array.from(units, (unit) => (wide && unit >= 0x80 ? 0x3f : unit)));
}

export const printInstructions: HandlerGroup = {
  PRINTF: printf,
  PRINT: (run) => run.machine.print(`${run.take().toString(16)}\n`),
  FORMATS: (run) => {
    run.result = run.take();
  },
  TEST_STATEMENT: (run) => {
    const value = run.take();
    if (run.isUserMode) run.result = value;
  },
};
