import { type Hover, MarkupKind } from 'vscode-languageserver';
import { eventByCommand, type EventKind } from '../../script-engine/catalog/events';
import { functionByName } from '../../script-engine/catalog/functions';
import { pseudoRegisterByName } from '../../script-engine/catalog/pseudo-registers';
import { registerByName } from '../../script-engine/catalog/registers';
import type { Command } from '../../script-engine/command-file/command-file';
import type { ConstantFault } from '../../script-engine/semantics/constant-value';
import type { Span } from '../../script-engine/syntax/span';
import { commandMarkdown, optionMarkdown } from '../command-text';
import { constantExpressionAt } from '../constant-expression';
import { atPosition, type Feature } from '../feature';
import { placeAt } from '../cursor-place';
import { functionMarkdown, scriptMarkdown, signatureOf } from '../function-text';
import { describeNumber, numberValue } from '../number-literal';
import type { ScriptDocument } from '../open-documents';
import { rangeOf, touches } from '../ranges';
import { costText, scriptCost } from '../script-cost';
import { pseudoRegisterMarkdown } from '../pseudo-register-text';
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
      return hover(document, span, blockMarkdown(document, word, offset) ?? numberMarkdown(word));
    case 'script':
      if (place.cursor.place !== 'code') return undefined;
      return (
        constantHover(document, place.command, offset, word) ??
        hover(document, span, scriptWordMarkdown(word, eventByCommand(place.command.name)))
      );
    case 'other':
      return undefined;
  }
}

function hover(document: ScriptDocument, span: Span, markdown: string | undefined): Hover | undefined {
  if (markdown === undefined) return undefined;
  return { contents: { kind: MarkupKind.Markdown, value: markdown }, range: rangeOf(document, span) };
}

/** An option; a script with what it costs. */
function blockMarkdown({ checked }: ScriptDocument, word: string, offset: number): string | undefined {
  const option = optionMarkdown(word);
  if (option === undefined || word !== 'script') return option;
  const placed = checked.placedCommands.find(({ text, start }) =>
    touches({ start, end: start + text.length }, offset),
  );
  const cost = placed && scriptCost(placed.text);
  return cost === undefined ? option : `${option}\n\nCosts each time: ${costText(cost)}.`;
}

/** On a number or an operator of a constant expression: its value, below that of the number. */
function constantHover(
  document: ScriptDocument,
  command: Command,
  offset: number,
  word: string,
): Hover | undefined {
  const number = numberMarkdown(word);
  if (word !== '' && number === undefined) return undefined;
  const found = constantExpressionAt(command, offset);
  if (found === undefined) return undefined;
  const { span, text, value } = found;
  const described =
    value.kind === 'value' ? describeNumber(BigInt.asUintN(64, value.value)) : FAULTS[value.fault];
  const own = number === undefined ? [] : [`\`${word}\`  \n${number}`];
  return hover(document, span, [...own, `${scriptMarkdown(text)}\n\n${described}`].join('\n\n'));
}

const FAULTS: Readonly<Record<ConstantFault, string>> = {
  'division-by-zero': 'Divides by 0, which stops the script.',
  'shift-too-far': 'Shifts as far as the value is wide or farther, which stops the script.',
  'quotient-overflow': 'The quotient does not fit its type, which stops the script.',
};

/** `event` is the one that the script runs for. */
function scriptWordMarkdown(word: string, event: EventKind | undefined): string | undefined {
  const called = functionByName(word);
  if (called !== undefined) return `${scriptMarkdown(signatureOf(called))}\n\n${functionMarkdown(called)}`;
  // A bare register name is that register, before it is a number (script-language 2.2, 2.5).
  const register = registerByName(word.startsWith('@') ? word.slice(1) : word);
  if (register !== undefined) return registerMarkdown(register);
  const pseudoRegister = pseudoRegisterByName(word);
  if (pseudoRegister !== undefined) return pseudoRegisterMarkdown(pseudoRegister, event);
  return numberMarkdown(word);
}

function numberMarkdown(word: string): string | undefined {
  const value = numberValue(word);
  return value === undefined ? undefined : describeNumber(value);
}

export const hoverFeature: Feature = {
  capabilities: () => ({ hoverProvider: true }),
  serve(context) {
    context.connection.onHover((params) => atPosition(context, params, findHover));
  },
};
