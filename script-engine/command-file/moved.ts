/** What was read at one place of a file, at another place: an edit before a command moves it and changes nothing else. */

import type { Diagnostic } from '../diagnostic';
import type { Span } from '../syntax/span';
import type { CodeBlock, Command } from './command-file';
import type { Token } from './tokenize';

export function movedSpan({ start, end }: Span, distance: number): Span {
  return { start: start + distance, end: end + distance };
}

export function movedDiagnostic(diagnostic: Diagnostic, distance: number): Diagnostic {
  const span = movedSpan(diagnostic.span, distance);
  const { fix } = diagnostic;
  if (fix === undefined) return { ...diagnostic, span };
  return { ...diagnostic, span, fix: { ...fix, span: movedSpan(fix.span, distance) } };
}

export function movedCommand(command: Command, distance: number): Command {
  const tokens = command.tokens.map((token) => movedToken(token, distance));
  return {
    ...command,
    nameSpan: movedSpan(command.nameSpan, distance),
    span: movedSpan(command.span, distance),
    tokens,
    blocks: command.blocks.map((block) => movedBlock(block, distance)),
    rest: command.rest.moved(distance),
  };
}

function movedToken(token: Token, distance: number): Token {
  const span = movedSpan(token.span, distance);
  return token.kind === 'block' ? { ...token, span, body: token.body.moved(distance) } : { ...token, span };
}

function movedBlock(block: CodeBlock, distance: number): CodeBlock {
  return {
    ...block,
    keywordSpan: movedSpan(block.keywordSpan, distance),
    span: movedSpan(block.span, distance),
    codeSpan: movedSpan(block.codeSpan, distance),
    body: block.body.moved(distance),
  };
}
