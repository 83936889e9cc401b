/** Script functions in words. */

import { functionTexts } from '../script-engine/catalog/function-texts';
import type { FunctionParameter, ScriptFunction } from '../script-engine/catalog/functions';

const KIND_WORDS: Readonly<Record<FunctionParameter['kind'], string>> = {
  expression: '',
  string: ': string',
  'wide-string': ': wide string',
  format: ': format',
  variadic: '...',
};

export function describeParameter({ name, kind }: FunctionParameter): string {
  return `${name}${KIND_WORDS[kind]}`;
}

/** E.g. `strcmp(text1: string, text2: string) → u64`. */
export function signatureOf(described: ScriptFunction): string {
  const parameters = described.parameters.map(describeParameter).join(', ');
  return `${described.name}(${parameters})${described.returnsValue ? ' → u64' : ''}`;
}

/** The function for a hover or a completion, in Markdown. */
export function functionMarkdown(described: ScriptFunction): string {
  const text = functionTexts.get(described.name);
  const lines = [text?.description ?? described.summary];
  if (text !== undefined && text.effects !== 'none') lines.push(`Effects: ${text.effects}.`);
  if (described.kernel !== 'works') lines.push(`In the target: ${described.kernel}.`);
  if (described.userMode !== 'works') lines.push(`In user mode: ${described.userMode}.`);
  if (described.note !== undefined) lines.push(`Note: ${described.note}`);
  if (text !== undefined) lines.push(scriptMarkdown(text.example));
  return lines.join('\n\n');
}

/** Script text as Markdown shows it. */
export function scriptMarkdown(text: string): string {
  return `\`\`\`hyperdbg-script\n${text}\n\`\`\``;
}
