import { type Hover, MarkupKind } from 'vscode-languageserver';
import { eventByCommand, type EventKind } from '../../script-engine/catalog/events';
import { functionByName } from '../../script-engine/catalog/functions';
import { type PseudoRegister, pseudoRegisterByName } from '../../script-engine/catalog/pseudo-registers';
import { registerByName } from '../../script-engine/catalog/registers';
import type { Span } from '../../script-engine/syntax/span';
import { commandMarkdown, optionMarkdown } from '../command-text';
import { placeAt } from '../cursor-place';
import { functionMarkdown, signatureOf } from '../function-text';
import { describeNumber, numberValue } from '../number-literal';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';
import { registerMarkdown } from '../register-text';
import { wordAt } from '../script-cursor';

/** What the word under the cursor is. */
export function findHover(document: ScriptDocument, offset: number): Hover | undefined {
  const place = placeAt(document, offset);
  const span = wordAt(document.source, offset);
  const word = document.source.slice(span.start, span.end);
  switch (place.kind) {
    case 'commandName':
      return hover(document, span, place.command && commandMarkdown(place.command.name));
    case 'commandLine':
      return hover(document, span, optionMarkdown(word) ?? numberMarkdown(word));
    case 'script':
      if (place.cursor.place !== 'code') return undefined;
      return hover(document, span, scriptWordMarkdown(word, eventByCommand(place.command.name)));
    case 'other':
      return undefined;
  }
}

function hover(document: ScriptDocument, span: Span, markdown: string | undefined): Hover | undefined {
  if (markdown === undefined) return undefined;
  return { contents: { kind: MarkupKind.Markdown, value: markdown }, range: rangeOf(document, span) };
}

/** `event` is the one that the script runs for. */
function scriptWordMarkdown(word: string, event: EventKind | undefined): string | undefined {
  const called = functionByName(word);
  if (called !== undefined) return `${fenced(signatureOf(called))}\n\n${functionMarkdown(called)}`;
  // A bare register name is that register, before it is a number (script-language 2.2, 2.5).
  const register = registerByName(word.startsWith('@') ? word.slice(1) : word);
  if (register !== undefined) return registerMarkdown(register);
  const pseudoRegister = pseudoRegisterByName(word);
  if (pseudoRegister !== undefined) return pseudoRegisterMarkdown(pseudoRegister, event);
  return numberMarkdown(word);
}

function pseudoRegisterMarkdown(
  { name, summary, userMode }: PseudoRegister,
  event: EventKind | undefined,
): string {
  const lines = [fenced(name), `${summary} Cannot be assigned.`];
  if (name === '$context' && event !== undefined) {
    lines.push(`In \`${event.commands[0]?.name ?? ''}\`: ${event.context}.`);
  }
  return [...lines, `In user mode: ${userMode}.`].join('\n\n');
}

function numberMarkdown(word: string): string | undefined {
  const value = numberValue(word);
  return value === undefined ? undefined : describeNumber(value);
}

function fenced(text: string): string {
  return `\`\`\`hyperdbg-script\n${text}\n\`\`\``;
}
