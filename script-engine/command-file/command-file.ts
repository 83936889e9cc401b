/** Reads a command file: its commands, their words and their code blocks (driver-protocol 9). Never throws. */

import type { Diagnostic } from '../diagnostic';
import type { Span } from '../syntax/span';
import { MappedText } from './mapped-text';
import { nextCommand, type SplitCommand } from './split';
import { tokenizeCommand, type Token } from './tokenize';

export type CodeBlockKind = 'condition' | 'code' | 'script' | 'output';

export interface CodeBlock {
  readonly kind: CodeBlockKind;
  /** The block holds instructions; without it, hexadecimal bytes. */
  readonly isAssembly: boolean;
  /** Of the keyword, `asm` included. */
  readonly keywordSpan: Span;
  /** With its braces. */
  readonly span: Span;
  /** Between the braces. */
  readonly codeSpan: Span;
  readonly body: MappedText;
}

export interface Command {
  /** As it is written. */
  readonly name: string;
  readonly nameSpan: Span;
  /** From the name to the end of the last token. */
  readonly span: Span;
  /** All tokens, the name first. */
  readonly tokens: readonly Token[];
  readonly blocks: readonly CodeBlock[];
  /** The text behind the name, for commands that take it raw (`?`, `print`). */
  readonly rest: MappedText;
  /** `$argN` stand for values that are not known yet: what depends on them is not checked. */
  readonly hasUnknownArguments: boolean;
}

export interface CommandFile {
  readonly commands: readonly Command[];
  readonly diagnostics: readonly Diagnostic[];
}

/** How far apart the numbers are that stand for unknown arguments: `$arg1 $arg2` is a range that grows. */
const PLACEHOLDER_STEP = 0x1000;
/** The highest argument that a file without values may name. */
const MOST_PLACEHOLDERS = 64;

/**
 * Reads a command file. `args` are the values of `$arg1`, `$arg2` …; without them each stands for a number that is not
 * checked. `fileName` is the value of `$arg0`.
 */
export function readCommandFile(text: string, args?: readonly string[], fileName?: string): CommandFile {
  const diagnostics: Diagnostic[] = [];
  const commands: Command[] = [];
  for (let at = 0; ;) {
    const split = nextCommand(text, at);
    if (split === undefined) return { commands, diagnostics };
    const read = readCommand(text, split, args, fileName);
    diagnostics.push(...read.diagnostics);
    if (read.command !== undefined) commands.push(read.command);
    at = split.span.end + 1;
  }
}

export interface ReadCommand {
  /** undefined when it is a comment only. */
  readonly command: Command | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads one command of a text. */
export function readCommand(
  text: string,
  split: SplitCommand,
  args?: readonly string[],
  fileName?: string,
): ReadCommand {
  const plain = withoutCarriageReturns(MappedText.of(text, split.span));
  const given = withArguments(plain, args ?? [], fileName);
  const source = withPlaceholders(given);
  const { tokens, diagnostics: found } = tokenizeCommand(source);
  const unclosedAlready = split.diagnostics.some(({ code }) => code === 'unclosed-block');
  const diagnostics = [
    ...split.diagnostics,
    ...found.filter(({ code }) => !(unclosedAlready && code.startsWith('unclosed'))),
  ];
  const [first] = tokens;
  if (first === undefined) return { command: undefined, diagnostics };
  if (args !== undefined) diagnostics.push(...missingArguments(given));
  return { command: commandOf(source, first, tokens, source !== given), diagnostics };
}

function commandOf(source: MappedText, first: Token, tokens: readonly Token[], unknown: boolean): Command {
  const start = source.pieces[0]?.original.start ?? 0;
  const nameEnd = endOfName(source, first);
  const span = { start: first.span.start, end: tokens.at(-1)?.span.end ?? first.span.end };
  return {
    name: first.text,
    nameSpan: first.span,
    span: span.start < start ? { ...span, start } : span,
    tokens,
    blocks: blocksOf(tokens),
    rest: trimmed(source.slice(nameEnd, source.text.length)),
    hasUnknownArguments: unknown,
  };
}

/** Offset in the command's text behind its first token. */
function endOfName(source: MappedText, first: Token): number {
  for (let offset = 0; offset < source.text.length; offset++) {
    if (source.originalOffset(offset) >= first.span.start) return offset + first.text.length;
  }
  return source.text.length;
}

function trimmed(text: MappedText): MappedText {
  const start = text.text.length - text.text.trimStart().length;
  return text.slice(start, Math.max(start, text.text.trimEnd().length));
}

/** The original reads line by line, whatever ends a line. */
function withoutCarriageReturns(text: MappedText): MappedText {
  if (!text.text.includes('\r')) return text;
  const parts: MappedText[] = [];
  let start = 0;
  for (let at = text.text.indexOf('\r'); at >= 0; at = text.text.indexOf('\r', start)) {
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  parts.push(text.slice(start, text.text.length));
  return MappedText.join(parts);
}

/** In increasing order: `$arg1` also hits the beginning of `$arg10` (driver-protocol 9). */
function withArguments(
  source: MappedText,
  args: readonly string[],
  fileName: string | undefined,
): MappedText {
  let result = fileName === undefined ? source : source.replaceAll('$arg0', fileName);
  args.forEach((value, index) => {
    result = result.replaceAll(`$arg${index + 1}`, value);
  });
  return result;
}

/** The same text when nothing is left to be replaced. */
function withPlaceholders(source: MappedText): MappedText {
  if (!source.text.includes('$arg')) return source;
  let result = source;
  // Backwards, so that `$arg12` gets one number and not one and a 2.
  for (let index = MOST_PLACEHOLDERS; index > 0; index--) {
    result = result.replaceAll(`$arg${index}`, (index * PLACEHOLDER_STEP).toString(16));
  }
  return result;
}

function missingArguments(source: MappedText): readonly Diagnostic[] {
  return [...source.text.matchAll(/\$arg[0-9]+/g)].map((match) => ({
    code: 'missing-argument',
    severity: 'error',
    message: `\`${match[0]}\` has no value. Give the script as many arguments as it names.`,
    span: source.span(match.index, match.index + match[0].length),
  }));
}

const blockKinds: ReadonlySet<string> = new Set<CodeBlockKind>(['condition', 'code', 'script', 'output']);

/** `asm` belongs to the keyword behind it; the original takes it for the condition (driver-protocol 9, QUIRK). */
function blocksOf(tokens: readonly Token[]): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  tokens.forEach((token, index) => {
    const keyword = tokens[index - 1];
    if (token.kind !== 'block' || keyword?.kind !== 'word') return;
    const word = keyword.text.toLowerCase();
    if (!blockKinds.has(word)) return;
    const before = tokens[index - 2];
    const isAssembly = before?.kind === 'word' && before.text.toLowerCase() === 'asm';
    blocks.push({
      kind: word as CodeBlockKind,
      isAssembly,
      keywordSpan: isAssembly ? { start: before.span.start, end: keyword.span.end } : keyword.span,
      span: token.span,
      codeSpan: token.body.span(0, token.text.length),
      body: token.body,
    });
  });
  return blocks;
}
