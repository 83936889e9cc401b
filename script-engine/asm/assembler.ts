/** Assembles the text of `asm` blocks: Keystone, loaded when the first block needs it. */

import type { Keystone } from 'keystone-wasm';

export type AssembleResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
      readonly ok: false;
      /** What is wrong and where, a sentence. */
      readonly message: string;
      /** Line of the text, from 0; undefined when no single line is to blame. */
      readonly line: number | undefined;
    };

export interface Assembler {
  /** x64 instructions in Intel syntax, separated by `;` or line ends, as bytes for an address. Never throws. */
  assemble(text: string, address: bigint): AssembleResult;
}

const LONGEST_TEXT = 0x10000;

let loading: Promise<Assembler> | undefined;

/** The assembler; rejects with a sentence when it cannot be loaded. */
export function loadAssembler(): Promise<Assembler> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Assembler> {
  const { Const, Keystone: KeystoneEngine, loadKeystone } = await import('keystone-wasm');
  await loadKeystone();
  const engine = new KeystoneEngine(Const.KS_ARCH_X86, Const.KS_MODE_64);
  return { assemble: (text, address) => assemble(engine, text, address) };
}

function assemble(engine: Keystone, text: string, address: bigint): AssembleResult {
  const statements = statementsOf(text);
  if (statements.length === 0) return failure('There is no instruction to assemble.', undefined);
  if (text.length > LONGEST_TEXT)
    return failure(`The block is longer than ${LONGEST_TEXT} characters.`, undefined);
  for (const statement of statements) {
    const wrong = wrongForm(statement.text);
    if (wrong !== undefined)
      return failure(`\`${statement.text}\` cannot be assembled: ${wrong}.`, statement.line);
  }
  const source = statements.map((statement) => statement.text).join('\n');
  const whole = attempt(engine, source, address);
  if (whole instanceof Uint8Array) return { ok: true, bytes: whole };
  const labels = new Set(statements.flatMap((statement) => labelsOf(statement.text)));
  for (const statement of statements) {
    // A jump to a label cannot be assembled alone, so it is not the one to blame.
    if ([...labels].some((label) => new RegExp(`\\b${label}\\b`).test(statement.text))) continue;
    const found = attempt(engine, statement.text, address);
    if (found instanceof Uint8Array) continue;
    return failure(`\`${statement.text}\` cannot be assembled: ${found.reason}.`, statement.line);
  }
  return failure(`The block cannot be assembled: ${whole.reason}.`, undefined);
}

function failure(message: string, line: number | undefined): AssembleResult {
  return { ok: false, message, line };
}

interface Statement {
  readonly text: string;
  readonly line: number;
}

/** Comments go: `//` and block comments are the command file's, the assembler does not know them. */
function statementsOf(text: string): readonly Statement[] {
  const plain = text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/\/\/[^\n]*/g, '');
  return plain.split('\n').flatMap((line, index) =>
    line
      .split(';')
      .map((part) => ({ text: part.trim(), line: index }))
      .filter((statement) => statement.text !== ''),
  );
}

const LABEL = /^(\.?[A-Za-z_][\w.]*)\s*:\s*/;
const LABELS = /^(?:\.?[A-Za-z_][\w.]*\s*:\s*)+/;
const PREFIXES =
  /^(?:(?:lock|rep|repe|repz|repne|repnz|xacquire|xrelease|bnd|notrack|data16|data32|addr32|rex\w*)(?:\s+|$))+/i;
const NUMBER = '-?(?:0x[0-9a-f]{1,16}|[0-9]{1,18})';
const DATA = new RegExp(`^\\.(?:byte|short|word|long|quad)\\s+${NUMBER}(?:\\s*,\\s*${NUMBER})*$`, 'i');

function labelsOf(statement: string): readonly string[] {
  const label = LABEL.exec(statement)?.[1];
  return label === undefined ? [] : [label.replace(/[.]/g, '\\$&')];
}

/**
 * Why a statement is not handed to Keystone, which hangs on lines that begin with no mnemonic and on broken data, and runs
 * out of memory on directives like `.fill`; undefined when it may be.
 */
function wrongForm(statement: string): string | undefined {
  const instruction = statement.replace(LABELS, '');
  if (instruction === '' || DATA.test(instruction)) return undefined;
  const behindPrefixes = instruction.replace(PREFIXES, '');
  if (behindPrefixes !== '' && !/^[A-Za-z]\w*(?:\s|$)/.test(behindPrefixes)) {
    return 'an instruction begins with a mnemonic';
  }
  const withoutSegments = instruction.replace(/\b[c-gs]s\s*:/gi, '');
  const strange = /[^\w\s,+\-*/[\]().{}]/.exec(withoutSegments)?.[0];
  if (strange !== undefined) return `\`${strange}\` does not belong into an instruction`;
  return areBracketsBalanced(instruction) ? undefined : 'its brackets are not balanced';
}

function areBracketsBalanced(instruction: string): boolean {
  const open: string[] = [];
  for (const letter of instruction) {
    if (letter === '[' || letter === '(' || letter === '{') open.push(letter);
    const opening = letter === ']' ? '[' : letter === ')' ? '(' : letter === '}' ? '{' : undefined;
    if (opening !== undefined && open.pop() !== opening) return false;
  }
  return open.length === 0 && !/\[[^\]]*\[/.test(instruction);
}

function attempt(engine: Keystone, text: string, address: bigint): Uint8Array | { readonly reason: string } {
  try {
    const bytes = engine.asm(text, { address });
    return bytes.length === 0 ? { reason: 'it makes no bytes' } : Uint8Array.from(bytes);
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** Keystone's text without its frame: `Failed to assemble, error: Invalid mnemonic (KS_ERR_ASM_MNEMONICFAIL)`. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const reason = text.replace(/^.*error: /, '').replace(/\s*\(KS_\w+\)\s*$/, '');
  return reason === '' ? 'the assembler gave no reason' : reason.charAt(0).toLowerCase() + reason.slice(1);
}
