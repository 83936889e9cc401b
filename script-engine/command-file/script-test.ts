/** The `//@` header of a command file: its own test, as data (script-tests.md). */

import type { Diagnostic } from '../diagnostic';
import type { Span } from '../syntax/span';
import { registerByName } from '../catalog/registers';
import { closestName } from '../catalog/closest-name';
import { Report } from './report';

/** What an occurrence, the load or an evaluation must come to. */
export interface Expectations {
  /** Printed lines, all of them, in order. */
  readonly output: readonly { readonly text: string; readonly span: Span }[];
  /** Registers afterwards, by lower-case name. */
  readonly registers: ReadonlyMap<string, bigint>;
  /** What the script asked of the debugger, in order; undefined: not compared. */
  readonly requests: readonly DebuggerRequest[] | undefined;
  /** A part of the text of the run-time error it must end in. */
  readonly error: string | undefined;
  /** What the custom code returned; undefined: not compared. */
  readonly codeResult: 'buffer' | bigint | undefined;
  /** First bytes of the event's buffer; undefined: not compared. */
  readonly buffer: Uint8Array | undefined;
}

export type DebuggerRequest =
  | { readonly kind: 'pause' }
  | { readonly kind: 'flush' }
  | { readonly kind: 'sc'; readonly on: boolean }
  | { readonly kind: 'enable' | 'disable' | 'clear'; readonly eventId: bigint };

export interface OccurrenceOfTest {
  readonly kind: 'occurrence';
  /** Number of the event in file order, from 1. */
  readonly event: number;
  readonly context: bigint;
  readonly stage: 'pre' | 'post';
  readonly core: number;
  readonly processId: number;
  readonly threadId: number;
  readonly rip: bigint;
  /** Kind of the access, for `!monitor`. */
  readonly access: 'r' | 'w' | 'x' | undefined;
  /** Values of registers by lower-case name. */
  readonly registers: ReadonlyMap<string, bigint>;
  readonly expected: Expectations;
  readonly span: Span;
}

export type TestStep =
  | { readonly kind: 'memory'; readonly address: bigint; readonly bytes: Uint8Array; readonly span: Span }
  | { readonly kind: 'load'; readonly expected: Expectations; readonly span: Span }
  | { readonly kind: 'eval'; readonly script: string; readonly expected: Expectations; readonly span: Span }
  | OccurrenceOfTest;

export interface ScriptTest {
  readonly id: string | undefined;
  /** Values of `$arg1`, `$arg2` … */
  readonly args: readonly string[];
  readonly processName: string | undefined;
  readonly symbols: ReadonlyMap<string, bigint>;
  /** In the order of the header. */
  readonly steps: readonly TestStep[];
  /** Occurrences that pass filters and condition, over the whole file. */
  readonly hits: number | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const DEFAULT_PROCESS = 0x1c0;

interface OpenExpectations {
  output: { readonly text: string; readonly span: Span }[];
  registers: Map<string, bigint>;
  requests: DebuggerRequest[] | undefined;
  error: string | undefined;
  codeResult: 'buffer' | bigint | undefined;
  buffer: Uint8Array | undefined;
}

interface Reading {
  readonly report: Report;
  readonly symbols: Map<string, bigint>;
  readonly steps: TestStep[];
  id: string | undefined;
  args: readonly string[];
  processName: string | undefined;
  hits: number | undefined;
  /** Those of the step that is open. */
  expected: OpenExpectations | undefined;
}

interface Line {
  readonly tag: string;
  readonly value: string;
  readonly span: Span;
}

/** True when a file has a `//@` header. */
export function hasScriptTest(text: string): boolean {
  return /^\/\/@/m.test(text);
}

/** Reads the header of a command file; what is wrong in it is a diagnostic. */
export function readScriptTest(text: string): ScriptTest {
  const reading: Reading = {
    report: new Report(),
    symbols: new Map(),
    steps: [],
    id: undefined,
    args: [],
    processName: undefined,
    hits: undefined,
    expected: undefined,
  };
  for (const match of text.matchAll(/^\/\/@[ \t]*([\w-]*)(:?)(.*)$/gm)) {
    const value = (match[3] ?? '').replace(/\r$/, '').replace(/^ /, '');
    const end = match.index + match[0].replace(/\r$/, '').length;
    readLine({ tag: (match[1] ?? '').toLowerCase(), value, span: { start: match.index, end } }, reading);
  }
  const { report, id, args, processName, symbols, steps, hits } = reading;
  return { id, args, processName, symbols, steps, hits, diagnostics: report.diagnostics };
}

type TagReader = (line: Line, reading: Reading) => void;

const tagReaders: Readonly<Record<string, TagReader>> = {
  id: (line, reading) => {
    reading.id = line.value.trim();
  },
  args: (line, reading) => {
    reading.args = words(line.value);
  },
  pname: (line, reading) => {
    reading.processName = line.value.trim();
  },
  sym: (line, reading) => {
    for (const word of words(line.value)) {
      const [name, value] = keyAndValue(word, line, reading);
      if (value !== undefined) reading.symbols.set(name, value);
    }
  },
  mem: readMemory,
  load: (line, reading) => {
    const expected = open(reading);
    reading.steps.push({ kind: 'load', expected, span: line.span });
  },
  eval: (line, reading) => {
    const expected = open(reading);
    reading.steps.push({ kind: 'eval', script: line.value, expected, span: line.span });
  },
  on: readOccurrence,
  none: (line, reading) => {
    expectations(line, reading);
  },
  out: (line, reading) => {
    expectations(line, reading)?.output.push({ text: line.value, span: line.span });
  },
  reg: (line, reading) => {
    for (const word of words(line.value)) {
      const [name, value] = keyAndValue(word, line, reading);
      if (value !== undefined && isRegister(name, line, reading))
        expectations(line, reading)?.registers.set(name, value);
    }
  },
  act: readRequests,
  err: (line, reading) => {
    const expected = expectations(line, reading);
    if (expected !== undefined) expected.error = line.value.trim();
  },
  code: (line, reading) => {
    const expected = expectations(line, reading);
    const result = /^ret=(.*)$/.exec(line.value.trim())?.[1];
    const value = result === 'buffer' ? 'buffer' : numberOf(result ?? '');
    if (value === undefined)
      wrong(line, reading, '`code` is written `ret=buffer` or `ret=` and a hex number');
    else if (expected !== undefined) expected.codeResult = value;
  },
  buffer: (line, reading) => {
    const expected = expectations(line, reading);
    const bytes = bytesOfHex(line.value.trim(), line, reading);
    if (expected !== undefined) expected.buffer = bytes;
  },
  hits: (line, reading) => {
    const value = line.value.trim();
    if (/^[0-9]+$/.test(value)) reading.hits = Number(value);
    else wrong(line, reading, '`hits` is a decimal number');
  },
  user: () => undefined,
};

function readLine(line: Line, reading: Reading): void {
  const read = Object.hasOwn(tagReaders, line.tag) ? tagReaders[line.tag] : undefined;
  if (read !== undefined) {
    read(line, reading);
    return;
  }
  const meant = closestName(line.tag, Object.keys(tagReaders));
  const hint =
    meant === undefined ? `Tags are ${Object.keys(tagReaders).join(', ')}.` : `Did you mean \`${meant}\`?`;
  reading.report.error('unknown-tag', `\`${line.tag}\` is no tag of a script test. ${hint}`, line.span);
}

function wrong(line: Line, reading: Reading, reason: string): undefined {
  return reading.report.error('bad-test-line', `${reason}.`, line.span);
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function open(reading: Reading): Expectations {
  reading.expected = {
    output: [],
    registers: new Map(),
    requests: undefined,
    error: undefined,
    codeResult: undefined,
    buffer: undefined,
  };
  return reading.expected;
}

function expectations(line: Line, reading: Reading): OpenExpectations | undefined {
  if (reading.expected === undefined)
    wrong(line, reading, `\`${line.tag}\` stands behind an \`on\`, \`load\` or \`eval\` line`);
  return reading.expected;
}

function numberOf(text: string): bigint | undefined {
  const digits = /^(?:0x)?([0-9a-f`]+)$/i.exec(text)?.[1]?.replaceAll('`', '');
  return digits === undefined || digits === '' ? undefined : BigInt.asUintN(64, BigInt(`0x${digits}`));
}

function keyAndValue(word: string, line: Line, reading: Reading): readonly [string, bigint | undefined] {
  const at = word.indexOf('=');
  const key = at < 0 ? word : word.slice(0, at);
  const value = at < 0 ? undefined : numberOf(word.slice(at + 1));
  if (value === undefined) wrong(line, reading, `\`${word}\` is written \`name=value\` with a hex value`);
  return [line.tag === 'sym' ? key : key.toLowerCase(), value];
}

function isRegister(name: string, line: Line, reading: Reading): boolean {
  const known = registerByName(name) !== undefined;
  if (!known) wrong(line, reading, `there is no register \`${name}\``);
  return known;
}

function bytesOfHex(text: string, line: Line, reading: Reading): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '');
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits))
    return wrong(line, reading, 'bytes are written as pairs of hex digits');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function readMemory(line: Line, reading: Reading): void {
  const [addressWord = '', ...rest] = words(line.value);
  const address = numberOf(addressWord);
  if (address === undefined || rest.length === 0) {
    wrong(line, reading, '`mem` wants an address and bytes in hex');
    return;
  }
  const bytes = bytesOfHex(rest.join(''), line, reading);
  if (bytes !== undefined) reading.steps.push({ kind: 'memory', address, bytes, span: line.span });
}

function readOccurrence(line: Line, reading: Reading): void {
  const expected = open(reading);
  const [eventWord = '', ...rest] = words(line.value);
  const event = numberOf(eventWord);
  if (event === undefined || event === 0n) {
    wrong(line, reading, '`on` begins with the number of an event: 1 is the first of the file');
    return;
  }
  const registers = new Map<string, bigint>();
  const values = new Map<string, bigint>();
  let access: OccurrenceOfTest['access'];
  for (const word of rest) {
    const letter = /^acc=([rwx])$/i.exec(word)?.[1]?.toLowerCase();
    if (letter === 'r' || letter === 'w' || letter === 'x') {
      access = letter;
      continue;
    }
    const [key, value] = keyAndValue(word, line, reading);
    if (value === undefined) continue;
    if (['ctx', 'stage', 'core', 'pid', 'tid', 'rip'].includes(key)) values.set(key, value);
    else if (isRegister(key, line, reading)) registers.set(key, value);
  }
  reading.steps.push({
    kind: 'occurrence',
    event: Number(event),
    context: values.get('ctx') ?? 0n,
    stage: values.get('stage') === 1n ? 'post' : 'pre',
    core: Number(values.get('core') ?? 0n),
    processId: Number(values.get('pid') ?? BigInt(DEFAULT_PROCESS)),
    threadId: Number(values.get('tid') ?? 0n),
    rip: values.get('rip') ?? 0n,
    access,
    registers,
    expected,
    span: line.span,
  });
}

function readRequests(line: Line, reading: Reading): void {
  const expected = expectations(line, reading);
  if (expected === undefined) return;
  expected.requests ??= [];
  for (const word of words(line.value)) {
    const request = requestOf(word.toLowerCase());
    if (request !== undefined) expected.requests.push(request);
    else
      wrong(
        line,
        reading,
        `\`${word}\` is none of pause, flush, sc=0, sc=1, enable=ID, disable=ID, clear=ID`,
      );
  }
}

function requestOf(word: string): DebuggerRequest | undefined {
  const [kind, text] = word.split('=', 2);
  const value = text === undefined ? undefined : numberOf(text);
  if ((kind === 'pause' || kind === 'flush') && text === undefined) return { kind };
  if (value === undefined) return undefined;
  if (kind === 'sc') return { kind, on: value !== 0n };
  if (kind === 'enable' || kind === 'disable' || kind === 'clear') return { kind, eventId: value };
  return undefined;
}
