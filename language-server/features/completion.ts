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
import { placeAt } from '../cursor-place';
import { reference } from '../completion-text';
import { signatureOf } from '../function-text';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';
import { describeRegister } from '../register-text';
import { wordAt } from '../script-cursor';

/** What can be typed at the cursor, from the tables of the language. */
export function findCompletions(document: ScriptDocument, offset: number): CompletionItem[] {
  const place = placeAt(document, offset);
  const word = wordAt(document.source, offset);
  const typed = document.source.slice(word.start, offset);
  const items = (() => {
    switch (place.kind) {
      case 'commandName':
        return commandItems();
      case 'commandLine':
        return optionItems(place.command, word);
      case 'script':
        return place.cursor.place === 'code' ? scriptItems(typed) : [];
      case 'other':
        return [];
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

function scriptItems(typed: string): CompletionItem[] {
  if (typed.startsWith('@')) return registerItems('@');
  if (typed.startsWith('$')) return pseudoRegisterItems();
  // Behind a dot stands a member or a global name, and no table knows those.
  if (typed.includes('.')) return [];
  return [...functionItems(), ...keywordItems(), ...registerItems('@'), ...pseudoRegisterItems()];
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
