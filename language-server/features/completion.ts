import { type CompletionItem, CompletionItemKind, InsertTextFormat } from 'vscode-languageserver';
import { debuggerCommands } from '../../script-engine/catalog/commands';
import { eventOptionByName, eventOptions } from '../../script-engine/catalog/event-options';
import { eventByCommand } from '../../script-engine/catalog/events';
import { functions } from '../../script-engine/catalog/functions';
import { statementKeywords, typeKeywords } from '../../script-engine/catalog/keywords';
import { pseudoRegisters } from '../../script-engine/catalog/pseudo-registers';
import { registers } from '../../script-engine/catalog/registers';
import type { Command } from '../../script-engine/command-file/command-file';
import type { Span } from '../../script-engine/syntax/span';
import { atPosition, type Feature } from '../feature';
import { placeAt } from '../cursor-place';
import { reference, withText } from '../completion-text';
import { signatureOf } from '../function-text';
import {
  globalItems,
  memberItems,
  nameItems,
  type NamePlace,
  outputItems,
  structItems,
} from './name-completion';
import type { ScriptDocument } from '../open-documents';
import { rangeOf, touches } from '../ranges';
import { describeRegister } from '../register-text';
import { wordAt } from '../script-cursor';

/** What can be typed at the cursor, from the tables of the language and from the names of the open scripts. */
export function findCompletions(
  document: ScriptDocument,
  offset: number,
  all: readonly ScriptDocument[] = [document],
): CompletionItem[] {
  const place = placeAt(document, offset);
  const word = typedWord(document.source, offset);
  const typed = document.source.slice(word.start, offset);
  const items = (() => {
    switch (place.kind) {
      case 'commandName':
        return commandItems();
      case 'commandLine':
        return optionItems(place.command, word);
      case 'script':
        if (place.cursor.place !== 'code') return [];
        return scriptItems(typed, word, {
          document,
          offset,
          commandStart: place.command.span.start,
          all,
        });
      case 'other':
        return isInOutputBlock(document, offset)
          ? outputItems({ document, offset, commandStart: 0, all })
          : [];
    }
  })();
  // Without a range of ours an editor would decide by its own rules whether `!`, `@` and `$` belong to the word.
  const range = rangeOf(document, word);
  return items.map(({ insertText, ...item }) => ({
    ...item,
    filterText: item.label,
    textEdit: { range, newText: insertText ?? item.label },
  }));
}

function commandItems(): CompletionItem[] {
  return debuggerCommands.map((command) => ({
    label: command.name,
    kind: command.isEvent ? CompletionItemKind.Event : CompletionItemKind.Keyword,
    detail: command.syntax[0] ?? command.name,
    data: reference('command', command.name),
    // Events first: they are what a script is made of.
    sortText: `${command.isEvent ? 0 : 1}${command.name}`,
  }));
}

function optionItems(command: Command, word: Span): CompletionItem[] {
  const event = eventByCommand(command.name);
  if (event === undefined) return [];
  const previous = command.tokens.findLast(({ span }) => span.end <= word.start);
  const taking = previous && eventOptionByName(previous.text);
  if (taking?.kind === 'word') return valueItems(taking.words ?? []);
  if (taking?.kind === 'number-or-all') return valueItems(['all']);
  if (taking?.kind === 'number') return [];
  if (taking?.name === 'asm') return [blockItem('code'), blockItem('condition')];
  const used = new Set(command.tokens.map(({ text }) => text.toLowerCase()));
  const choices = event.parameters.flatMap((parameter) => [
    ...(parameter.kind === 'choice' ? parameter.words.keys() : []),
    ...(parameter.kind === 'access' ? ['r', 'w', 'x', 'rw', 'rwx'] : []),
    ...(parameter.kind === 'space' ? ['va', 'pa'] : []),
  ]);
  const options = eventOptions.filter(({ name }) => !used.has(name));
  return [
    ...valueItems(choices),
    ...options.map(({ name, kind }) =>
      kind === 'block' && name !== 'asm' ? blockItem(name) : wordItem(name),
    ),
  ];
}

function valueItems(values: readonly string[]): CompletionItem[] {
  return values.map((label) => ({ label, kind: CompletionItemKind.EnumMember }));
}

function wordItem(name: string): CompletionItem {
  return {
    label: name,
    kind: CompletionItemKind.Property,
    detail: eventOptionByName(name)?.form ?? name,
    data: reference('option', name),
  };
}

function blockItem(name: string): CompletionItem {
  return {
    ...wordItem(name),
    insertText: `${name} {\n\t$0\n}`,
    insertTextFormat: InsertTextFormat.Snippet,
  };
}

function scriptItems(typed: string, word: Span, names: NamePlace): CompletionItem[] {
  if (typed.startsWith('@')) return registerItems('@');
  if (typed.startsWith('$')) return pseudoRegisterItems();
  if (typed.startsWith('.')) return globalItems(names);
  const members = memberItems(names, word.start);
  if (members !== undefined) return members;
  if (/\bstruct\s+$/.test(names.document.source.slice(names.commandStart, word.start)))
    return structItems(names);
  return [
    ...nameItems(names),
    ...functionItems(),
    ...keywordItems(),
    ...registerItems('@'),
    ...pseudoRegisterItems(),
  ];
}

/** The word at the cursor; behind a dot that is a member operator, only the member. */
function typedWord(source: string, offset: number): Span {
  const word = wordAt(source, offset);
  const dot = source.slice(word.start, offset).lastIndexOf('.');
  return dot > 0 ? { start: word.start + dot + 1, end: word.end } : word;
}

function isInOutputBlock({ checked }: ScriptDocument, offset: number): boolean {
  const blocks = checked.commandBefore(offset)?.blocks ?? [];
  return blocks.some(({ kind, codeSpan }) => kind === 'output' && touches(codeSpan, offset));
}

function functionItems(): CompletionItem[] {
  return functions.map((entry) => ({
    label: entry.name,
    kind: CompletionItemKind.Function,
    detail: signatureOf(entry),
    data: reference('function', entry.name),
    insertText: entry.parameters.length === 0 ? `${entry.name}()` : `${entry.name}($0)`,
    insertTextFormat: InsertTextFormat.Snippet,
    sortText: `0${entry.name}`,
  }));
}

function keywordItems(): CompletionItem[] {
  return [
    ...statementKeywords.map((label) => ({ label, kind: CompletionItemKind.Keyword, sortText: `1${label}` })),
    ...typeKeywords.map((label) => ({
      label,
      kind: CompletionItemKind.TypeParameter,
      sortText: `2${label}`,
    })),
  ];
}

function registerItems(prefix: string): CompletionItem[] {
  return registers.map((register) => ({
    label: `${prefix}${register.name}`,
    kind: CompletionItemKind.Variable,
    detail: describeRegister(register),
    data: reference('register', register.name),
    // Whole registers before their parts, in the order of their ids.
    sortText: `3${register.parent === register.name ? 0 : 1}${String(register.id).padStart(3, '0')}`,
  }));
}

function pseudoRegisterItems(): CompletionItem[] {
  return pseudoRegisters.map(({ name, summary }) => ({
    label: name,
    kind: CompletionItemKind.Constant,
    detail: summary,
    data: reference('pseudo-register', name),
    sortText: `4${name}`,
  }));
}

export const completionFeature: Feature = {
  capabilities: () => ({
    completionProvider: { triggerCharacters: ['!', '.', '>', '@', '$'], resolveProvider: true },
  }),
  serve(context) {
    const { connection, documents } = context;
    connection.onCompletion((params) =>
      atPosition(context, params, (document, offset) => findCompletions(document, offset, documents.all())),
    );
    connection.onCompletionResolve(withText);
  },
};
