import { registerByName } from '../../../script-engine/catalog/registers';
import type { DebuggerRequest, Expectations } from '../../../script-engine/command-file/script-test';
import type { Span } from '../../../script-engine/syntax/span';
import type { Happening, TestWorld } from './test-world';

/** Something that a test wanted and did not get. */
export interface UnmetExpectation {
  /** Of the header line. */
  readonly span: Span;
  readonly text: string;
}

/** An occurrence, an evaluation or the load, with what the header says of it. */
export interface Observed {
  readonly span: Span;
  readonly happening: Happening;
  readonly expected: Expectations;
  /** Number of the event that occurred. */
  readonly event: number | undefined;
}

/** Holds what happened against the header (script-tests.md). To be called before anything else happens in the world. */
export function unmetExpectations(observed: Observed, world: TestWorld): UnmetExpectation[] {
  const { span, expected } = observed;
  const general = [
    ...errorTexts(observed),
    ...registerTexts(expected, world),
    ...requestTexts(observed),
    ...codeTexts(observed, world),
    ...bufferTexts(observed, world),
  ];
  return [...outputMismatches(observed), ...general.map((text) => ({ span, text }))];
}

function outputMismatches({
  span,
  happening: { lines },
  expected: { output },
}: Observed): UnmetExpectation[] {
  const unmet = output.flatMap((wanted, index) => {
    const got = lines[index];
    if (got === wanted.text) return [];
    const instead = got === undefined ? 'nothing more was printed' : `${quoted(got)} was printed`;
    return [{ span: wanted.span, text: `out: expected ${quoted(wanted.text)}, but ${instead}` }];
  });
  const extra = lines
    .slice(output.length)
    .map((line) => ({ span, text: `unexpected output ${quoted(line)}` }));
  return [...unmet, ...extra];
}

function errorTexts({ happening: { errors }, expected: { error } }: Observed): string[] {
  if (error === undefined) return errors.map((found) => `unexpected run-time error: ${found}`);
  if (errors.some((found) => found.includes(error))) return [];
  const got = errors.length === 0 ? 'there was none' : `it was ${errors.map(quoted).join(', ')}`;
  return [`err: expected an error with ${quoted(error)}, but ${got}`];
}

function registerTexts({ registers }: Expectations, world: TestWorld): string[] {
  return [...registers].flatMap(([name, wanted]) => {
    const register = registerByName(name);
    const got = register && world.readRegister(register);
    return got === wanted ? [] : [`reg: expected ${name}=${hex(wanted)}, but it is ${hex(got)}`];
  });
}

function requestTexts({ happening, expected: { requests } }: Observed): string[] {
  if (requests === undefined) return [];
  const wanted = requests.map(describeRequest).join(' ');
  const got = happening.asked.join(' ');
  return wanted === got ? [] : [`act: expected ${quoted(wanted)}, but the script asked ${quoted(got)}`];
}

function describeRequest(request: DebuggerRequest): string {
  switch (request.kind) {
    case 'pause':
    case 'flush':
      return request.kind;
    case 'sc':
      return `sc=${request.on ? 1 : 0}`;
    case 'enable':
    case 'disable':
    case 'clear':
      return `${request.kind}=${hex(request.eventId)}`;
  }
}

function codeTexts({ happening, expected: { codeResult }, event }: Observed, world: TestWorld): string[] {
  if (codeResult === undefined) return [];
  const buffer = event === undefined ? undefined : world.bufferOf(event);
  const wanted = codeResult === 'buffer' ? buffer?.address : codeResult;
  if (wanted === undefined) return ['code: expected the address of the buffer, but the event asks for none'];
  const got = happening.codeRuns.at(-1)?.rax;
  if (got === wanted) return [];
  const instead = got === undefined ? 'no custom code ran to its end' : `the code returned ${hex(got)}`;
  return [
    `code: expected ${codeResult === 'buffer' ? `the buffer at ${hex(wanted)}` : hex(wanted)}, but ${instead}`,
  ];
}

function bufferTexts({ expected: { buffer: wanted }, event }: Observed, world: TestWorld): string[] {
  if (wanted === undefined) return [];
  const buffer = event === undefined ? undefined : world.bufferOf(event);
  if (buffer === undefined) return ['buffer: the event asks for no buffer'];
  const got = Buffer.from(buffer.read().subarray(0, wanted.length));
  if (got.equals(wanted)) return [];
  return [`buffer: expected ${Buffer.from(wanted).toString('hex')}, but it holds ${got.toString('hex')}`];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function hex(value: bigint | undefined): string {
  return value === undefined ? 'unknown' : value.toString(16);
}
