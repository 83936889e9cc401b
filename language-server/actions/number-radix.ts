/** A number in another base: the same value, so the same bytes. */

import type { CodeAction } from 'vscode-languageserver';
import type { Span } from '../../script-engine/syntax/span';
import { placeAt } from '../cursor-place';
import { numberValue } from '../number-literal';
import type { ScriptDocument } from '../open-documents';
import { wordAt } from '../script-cursor';
import { rewriting } from './rewrite';

const FORMS = [
  { name: 'hexadecimal', prefix: '0x', radix: 16, inCommands: true },
  { name: 'decimal', prefix: '0n', radix: 10, inCommands: true },
  { name: 'octal', prefix: '0o', radix: 8, inCommands: false },
  { name: 'binary', prefix: '0y', radix: 2, inCommands: false },
] as const;

/** For the number at the cursor. */
export function radixActions(document: ScriptDocument, { start }: Span): CodeAction[] {
  const place = placeAt(document, start);
  const inScript = place.kind === 'script' && place.cursor.place === 'code';
  if (!inScript && place.kind !== 'commandLine') return [];
  const span = wordAt(document.source, start);
  const text = document.source.slice(span.start, span.end);
  // In a command a word of letters can be a name; only what begins with a digit is a number for certain.
  const value = /^[0-9]/.test(text) ? numberValue(text) : undefined;
  if (value === undefined) return [];
  return FORMS.filter(({ inCommands }) => inScript || inCommands).flatMap(({ name, prefix, radix }) => {
    const written = prefix + value.toString(radix);
    return written === text
      ? []
      : [rewriting(document, `Write in ${name}: ${written}`, [{ span, text: written }])];
  });
}
