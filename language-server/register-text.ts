/** Registers in words. */

import { registerText } from '../script-engine/catalog/register-texts';
import { type Register, type RegisterKind, registers } from '../script-engine/catalog/registers';
import { scriptMarkdown } from './function-text';

const KIND_WORDS: Readonly<Record<RegisterKind, string>> = {
  gpr: 'general register',
  segment: 'segment register',
  flags: 'flags',
  'flag-bit': 'flag',
  ip: 'instruction pointer',
  table: 'descriptor table register',
  control: 'control register',
  debug: 'debug register',
};

/** E.g. `bits 15:8 of rax`. */
export function describeRegister({ name, kind, parent, width, shift }: Register): string {
  if (parent === name) return `${KIND_WORDS[kind]}, ${width} bits`;
  const bits = width === 1 ? `bit ${shift}` : `bits ${shift + width - 1}:${shift}`;
  return `${KIND_WORDS[kind]}, ${bits} of ${parent}`;
}

/** The register for a hover, in Markdown, with the registers that share its bits. */
export function registerMarkdown(register: Register): string {
  const { description, example } = registerText(register);
  const family = registers
    .filter(({ parent }) => parent === register.parent)
    .map(({ name }) => `\`${name}\``);
  const lines = [scriptMarkdown(`@${register.name}`), `${describeRegister(register)}.`, description];
  if (family.length > 1) lines.push(`Parts: ${family.join(', ')}`);
  return [...lines, scriptMarkdown(example)].join('\n\n');
}
