/** Whether a word can be the name of a thing (script-language 2.5). */

import { tokenize } from '../../script-engine/syntax/lexer';
import { TokenKind } from '../../script-engine/syntax/token-kind';
import type { NameKind } from './name-use';

/** What is wrong with a new name; undefined when nothing is. */
export function nameFault(kind: NameKind, name: string): string | undefined {
  if (kind === 'output')
    return /^[^\s,{}"]+$/.test(name)
      ? undefined
      : 'The name of an output is one word without commas, quotes and braces.';
  const tokens = tokenize(name);
  const [first] = tokens.kinds;
  const isOneWord = tokens.count === 2 && tokens.starts[0] === 0 && tokens.ends[0] === name.length;
  if (!isOneWord || first === undefined)
    return `\`${name}\` is no name; a name has letters, digits and \`_\`, and no digit first.`;
  if (kind === 'global')
    return first === TokenKind.Global
      ? undefined
      : `\`${name}\` is no global variable; its name begins with a dot: \`.${name.replace(/^\W+/, '')}\`.`;
  if (first === TokenKind.Identifier)
    return name === 'main' ? '`main` is the script itself; choose another name.' : undefined;
  return `\`${name}\` is ${WORD_TEXTS[first] ?? 'a keyword'}; choose another name.`;
}

const WORD_TEXTS: Readonly<Record<number, string>> = {
  [TokenKind.Number]: 'a number: a word of the letters a to f is read as hexadecimal',
  [TokenKind.Float]: 'a number',
  [TokenKind.Global]: 'a global variable, for it begins with a dot',
  [TokenKind.SymbolName]: 'a symbol of a module, for it holds a `!`',
  [TokenKind.Register]: 'a register',
  [TokenKind.PseudoRegister]: 'a pseudo register',
  [TokenKind.Function]: 'a function of the debugger',
  [TokenKind.TypeWord]: 'a word of a type',
  [TokenKind.Unknown]: 'not a word of the script language',
};
