/** The options of an event in the order in which they are documented. */

import type { CodeAction } from 'vscode-languageserver';
import { eventOptionByName, eventOptions } from '../../script-engine/catalog/event-options';
import { eventByCommand } from '../../script-engine/catalog/events';
import type { Command } from '../../script-engine/command-file/command-file';
import type { Span } from '../../script-engine/syntax/span';
import type { ScriptDocument } from '../open-documents';
import { touches } from '../ranges';
import { rewriting } from './rewrite';

/** For the event at the cursor, when its options stand in another order. */
export function sortActions(document: ScriptDocument, { start }: Span): CodeAction[] {
  const command = document.checked.commandBefore(start);
  if (command === undefined || !touches(command.span, start)) return [];
  if (eventByCommand(command.name) === undefined || command.hasUnknownArguments) return [];
  const parts = partsOf(command);
  const { source } = document;
  const sorted = [...parts].sort((one, two) => one.rank - two.rank);
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined || sorted.every((part, index) => part === parts[index]))
    return [];
  // A comment between the options belongs to one of them, and nobody knows to which.
  const isPlain = parts.every(({ span }, index) => {
    const next = parts[index + 1];
    return next === undefined || source.slice(span.end, next.span.start).trim() === '';
  });
  if (!isPlain) return [];
  const text = sorted.map(({ span }) => source.slice(span.start, span.end)).join(' ');
  const span = { start: first.span.start, end: last.span.end };
  return [rewriting(document, 'Sort the options of the event', [{ span, text }])];
}

interface Part {
  readonly span: Span;
  /** Parameters first, as they stand; options in the order of the table. */
  readonly rank: number;
}

function partsOf({ tokens }: Command): Part[] {
  const parts: Part[] = [];
  for (let index = 1; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) continue;
    const option = token.kind === 'word' ? eventOptionByName(token.text) : undefined;
    if (option === undefined) {
      parts.push({ span: token.span, rank: -1 });
      continue;
    }
    const isAssembly = option.name === 'asm';
    const named = isAssembly ? eventOptionByName(tokens[index + 1]?.text ?? '') : option;
    index += isAssembly ? 2 : 1;
    const end = tokens[index]?.span.end ?? token.span.end;
    const rank = eventOptions.findIndex(({ name }) => name === (named ?? option).name);
    parts.push({ span: { start: token.span.start, end }, rank });
  }
  return parts;
}
