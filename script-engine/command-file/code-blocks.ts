/** Code blocks of a command: bytes, instructions and scripts. */

import { compileScript } from '../compiler/compile';
import type { CompiledScript } from '../compiler/compiled-script';
import type { Diagnostic } from '../diagnostic';
import type { Span } from '../syntax/span';
import type { CodeBlock, Command } from './command-file';
import type { DraftEnvironment } from './draft-environment';
import type { MappedText } from './mapped-text';

const RET = 0xc3;

/** Machine code of a block: there already, or to be assembled. */
export type CodeDraft =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'assembly'; readonly block: CodeBlock };

/** Machine code of a `code` or `condition` block; undefined when it is wrong, which is reported. */
export function draftCode(block: CodeBlock, environment: DraftEnvironment): CodeDraft | undefined {
  if (block.body.text.trim() === '') {
    return environment.report.error('empty-block', `This \`${block.kind}\` block is empty.`, block.span);
  }
  if (block.isAssembly) return { kind: 'assembly', block };
  const bytes = hexBytes(block, environment);
  return bytes && { kind: 'bytes', bytes };
}

/** Groups of hex digits, each with or without `0x` or `\x`; `ret` is appended. */
function hexBytes(block: CodeBlock, { report }: DraftEnvironment): Uint8Array | undefined {
  const { text } = block.body;
  const bytes: number[] = [];
  const pattern = /\s+|(?:0x|\\x)?([0-9a-f]+)/giy;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      return report.error(
        'bad-hex',
        `\`${text[start] ?? ''}\` is no hex digit. Bytes are written \`90 90 c3\`; for instructions write \`asm ${block.kind} {…}\`.`,
        block.body.span(start, start + 1),
      );
    }
    const digits = match[1] ?? '';
    if (digits.length % 2 !== 0) {
      const span = block.body.span(start, pattern.lastIndex);
      return report.error('odd-hex', `\`${digits}\` has an odd number of digits; a byte has two.`, span);
    }
    for (let index = 0; index < digits.length; index += 2)
      bytes.push(parseInt(digits.slice(index, index + 2), 16));
  }
  return Uint8Array.of(...bytes, RET);
}

export interface ScriptDraft {
  readonly script: CompiledScript;
  /** Of the source, in the command file. */
  readonly span: Span;
}

/** Compiles the script of a block, or the file it names. */
export function draftScript(
  block: CodeBlock,
  command: Command,
  environment: DraftEnvironment,
): ScriptDraft | undefined {
  const path = /^\s*file:(.*)$/is.exec(block.body.text)?.[1]?.trim();
  if (path !== undefined) return draftScriptFile(path, block, environment);
  return draftScriptText(block.body, command, environment);
}

/** Compiles statements of a command file; positions lead to the file, through arguments too. */
export function draftScriptText(
  body: MappedText,
  command: Command,
  environment: DraftEnvironment,
  wrapping: { readonly before: string; readonly after: string } = { before: '', after: '' },
): ScriptDraft | undefined {
  const shift = wrapping.before.length;
  const end = body.text.length;
  const inBody = (offset: number): number => Math.min(Math.max(offset - shift, 0), end);
  const { script, diagnostics } = compile(wrapping.before + body.text + wrapping.after, environment);
  for (const found of diagnostics) {
    const from = inBody(found.span.start);
    const to = Math.max(inBody(found.span.end), from);
    if (command.hasUnknownArguments && body.isReplaced(from, to)) continue;
    const span = visible(body, from, to);
    const fix = found.fix && mappedFix(found.fix, body, inBody);
    environment.report.add(found.severity, found.code, found.message, span, fix);
  }
  if (script === undefined) return undefined;
  const span = body.span(0, end);
  const sourceOffsets = script.sourceOffsets.map((offset) =>
    offset < 0 ? -1 : body.originalOffset(inBody(offset)) - span.start,
  );
  return { script: { ...script, sourceOffsets }, span };
}

function compile(source: string, environment: DraftEnvironment): ReturnType<typeof compileScript> {
  const { symbols, globals, readFile, mode } = environment;
  return compileScript(source, {
    globals,
    ...(symbols === undefined ? {} : { symbols }),
    ...(readFile === undefined ? {} : { readInclude: readFile }),
    ...(mode === undefined ? {} : { mode }),
  });
}

/** An empty span shows nothing: it takes one letter where there is one. */
function visible(body: MappedText, from: number, to: number): Span {
  if (to > from) return body.span(from, to);
  return from < body.text.length ? body.span(from, from + 1) : body.span(Math.max(0, from - 1), from);
}

function mappedFix(
  fix: NonNullable<Diagnostic['fix']>,
  body: MappedText,
  inBody: (offset: number) => number,
): Diagnostic['fix'] {
  const from = inBody(fix.span.start);
  const to = inBody(fix.span.end);
  // A change to an argument's value would change something else.
  if (body.isReplaced(from, to)) return undefined;
  return { ...fix, span: body.span(from, to) };
}

function draftScriptFile(
  path: string,
  block: CodeBlock,
  environment: DraftEnvironment,
): ScriptDraft | undefined {
  const { report, readFile } = environment;
  if (readFile === undefined) return undefined;
  const text = readFile(path);
  if (text === undefined) {
    return report.error('missing-file', `The script file \`${path}\` cannot be read.`, block.codeSpan);
  }
  const source = text.replaceAll('\r', '');
  const { script, diagnostics } = compile(source, environment);
  for (const found of diagnostics) {
    const line = source.slice(0, found.span.start).split('\n').length;
    report.add(found.severity, found.code, `${path}, line ${line}: ${found.message}`, block.codeSpan);
  }
  // Its positions are in another file.
  return (
    script && {
      script: { ...script, sourceOffsets: script.sourceOffsets.map(() => -1) },
      span: block.codeSpan,
    }
  );
}
