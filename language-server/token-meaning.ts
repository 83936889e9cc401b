/** What the words of a document mean, for colours that know more than a grammar: only the parser tells a name from a number. */

import { SemanticTokenModifiers, SemanticTokenTypes } from 'vscode-languageserver';
import { commandByName } from '../script-engine/catalog/commands';
import { eventOptionByName } from '../script-engine/catalog/event-options';
import { eventByCommand } from '../script-engine/catalog/events';
import { movedCommand } from '../script-engine/command-file/moved';
import type { Command } from '../script-engine/command-file/command-file';
import type { Span } from '../script-engine/syntax/span';
import { TokenKind } from '../script-engine/syntax/token-kind';
import { tokenSpan } from '../script-engine/syntax/tree';
import { DocumentNames, type DocumentUse } from './names/document-names';
import type { NameKind } from './names/name-use';
import type { ScriptDocument } from './open-documents';
import { placedScripts } from './script-trees';

export interface MeantToken {
  readonly span: Span;
  readonly type: SemanticTokenTypes;
  readonly modifiers: readonly SemanticTokenModifiers[];
}

const {
  defaultLibrary,
  readonly: readOnly,
  declaration,
  modification,
  static: shared,
} = SemanticTokenModifiers;

type Meaning = readonly [type: SemanticTokenTypes, ...modifiers: SemanticTokenModifiers[]];

const NAMES: Readonly<Record<NameKind, Meaning>> = {
  local: [SemanticTokenTypes.variable],
  parameter: [SemanticTokenTypes.parameter],
  global: [SemanticTokenTypes.variable, shared],
  function: [SemanticTokenTypes.function],
  struct: [SemanticTokenTypes.struct],
  type: [SemanticTokenTypes.type],
  member: [SemanticTokenTypes.property],
  output: [SemanticTokenTypes.namespace],
};

function meaningOf(kind: number): Meaning | undefined {
  switch (kind as TokenKind) {
    case TokenKind.Number:
    case TokenKind.Float:
      return [SemanticTokenTypes.number];
    case TokenKind.String:
    case TokenKind.WideString:
      return [SemanticTokenTypes.string];
    case TokenKind.Register:
      return [SemanticTokenTypes.variable, defaultLibrary];
    case TokenKind.PseudoRegister:
      return [SemanticTokenTypes.variable, readOnly, defaultLibrary];
    case TokenKind.SymbolName:
      return [SemanticTokenTypes.variable, readOnly];
    case TokenKind.Function:
      return [SemanticTokenTypes.function, defaultLibrary];
    case TokenKind.TypeWord:
      return [SemanticTokenTypes.type, defaultLibrary];
    default:
      return kind >= TokenKind.If && kind <= TokenKind.Include ? [SemanticTokenTypes.keyword] : undefined;
  }
}

/** In the order of the text; what overlaps `from` to `to`, and perhaps more. */
export function meantTokens(document: ScriptDocument, from: number, to: number): MeantToken[] {
  const found = [
    ...commandTokens(document, from, to),
    ...scriptTokens(document, from, to),
    ...nameTokens(document, from, to),
  ].filter(({ span }) => span.end > span.start && span.end >= from && span.start <= to);
  found.sort((one, two) => one.span.start - two.span.start);
  // Tokens must not overlap: an argument's place can stand for two.
  let end = 0;
  return found.filter(({ span }) => {
    if (span.start < end) return false;
    end = span.end;
    return true;
  });
}

function meant(span: Span, [type, ...modifiers]: Meaning): MeantToken {
  return { span, type, modifiers };
}

function commandTokens({ checked }: ScriptDocument, from: number, to: number): MeantToken[] {
  return checked.placedCommands.flatMap(({ text, start }) => {
    if (text.command === undefined || start > to || start + text.length < from) return [];
    return wordsOf(movedCommand(text.command, start - text.readAt));
  });
}

function wordsOf({ name, nameSpan, tokens }: Command): MeantToken[] {
  const isEvent = eventByCommand(name) !== undefined;
  const known = commandByName(name);
  const found =
    known === undefined
      ? []
      : [meant(nameSpan, [isEvent ? SemanticTokenTypes.event : SemanticTokenTypes.macro])];
  // The rest of `?` and `print` is a script.
  if (known?.name === '?' || known?.name === 'print') return found;
  for (const { kind, text, span, fromArgument } of tokens.slice(1)) {
    if (fromArgument) continue;
    if (kind === 'number') found.push(meant(span, [SemanticTokenTypes.number]));
    else if (kind === 'string') found.push(meant(span, [SemanticTokenTypes.string]));
    else if (kind === 'word' && isEvent && eventOptionByName(text) !== undefined)
      found.push(meant(span, [SemanticTokenTypes.keyword]));
    else if (kind === 'word' && isEvent && text.includes('!'))
      found.push(meant(span, [SemanticTokenTypes.variable, readOnly]));
  }
  return found;
}

function scriptTokens(document: ScriptDocument, from: number, to: number): MeantToken[] {
  const found: MeantToken[] = [];
  for (const { tree, inFile } of placedScripts(document, from, to)) {
    const { tokens } = tree;
    for (let token = 0; token < tokens.count; token++) {
      const meaning = meaningOf(tokens.kinds[token] ?? 0);
      const span = meaning && inFile(tokenSpan(tokens, token));
      if (meaning !== undefined && span !== undefined) found.push(meant(span, meaning));
    }
    for (let at = 0; at + 1 < tokens.comments.length; at += 2) {
      const span = inFile({ start: tokens.comments[at] ?? 0, end: tokens.comments[at + 1] ?? 0 });
      if (span !== undefined) found.push(meant(span, [SemanticTokenTypes.comment]));
    }
  }
  return found;
}

function nameTokens({ checked }: ScriptDocument, from: number, to: number): MeantToken[] {
  return DocumentNames.of(checked)
    .uses.filter(({ span }) => span.end >= from && span.start <= to)
    .map((use) => ({ ...meant(use.span, NAMES[use.kind]), modifiers: modifiersOf(use) }));
}

function modifiersOf({ kind, role }: DocumentUse): SemanticTokenModifiers[] {
  const [, ...own] = NAMES[kind];
  if (role === 'declaration') return [...own, declaration];
  return role === 'read' ? own : [...own, modification];
}
