/** Texts of completions: the list names what each is about, and the text comes when the user looks at one. */

import { type CompletionItem, MarkupKind } from 'vscode-languageserver';
import { functionByName } from '../script-engine/catalog/functions';
import { pseudoRegisterByName } from '../script-engine/catalog/pseudo-registers';
import { registerByName } from '../script-engine/catalog/registers';
import { commandMarkdown, optionMarkdown } from './command-text';
import { functionMarkdown } from './function-text';
import { pseudoRegisterMarkdown } from './pseudo-register-text';
import { registerMarkdown } from './register-text';

const markdowns = {
  command: commandMarkdown,
  option: optionMarkdown,
  function: markdownBy(functionByName, functionMarkdown),
  register: markdownBy(registerByName, registerMarkdown),
  'pseudo-register': markdownBy(pseudoRegisterByName, (found) => pseudoRegisterMarkdown(found, undefined)),
} satisfies Record<string, (name: string) => string | undefined>;

type Subject = keyof typeof markdowns;

function markdownBy<Entry>(
  find: (name: string) => Entry | undefined,
  describe: (entry: Entry) => string,
): (name: string) => string | undefined {
  return (name) => {
    const entry = find(name);
    return entry === undefined ? undefined : describe(entry);
  };
}

/** The `data` of a completion. */
export function reference(subject: Subject, name: string): string {
  return `${subject} ${name}`;
}

/** The completion with its text; as it is when it names nothing, as one of another server. */
export function withText(item: CompletionItem): CompletionItem {
  const [subject = '', name = ''] = typeof item.data === 'string' ? item.data.split(' ', 2) : [];
  const value = isSubject(subject) ? markdowns[subject](name) : undefined;
  return value === undefined ? item : { ...item, documentation: { kind: MarkupKind.Markdown, value } };
}

function isSubject(word: string): word is Subject {
  return Object.hasOwn(markdowns, word);
}
