/** What a command comes to, whatever its white space is: two commands with one image do the same. */

import { compileScript } from '../compiler/compile';
import { GlobalTable } from '../compiler/global-table';
import { tokenize } from '../syntax/lexer';
import { tokenText } from '../syntax/token-kind';
import { commandByName } from '../catalog/commands';
import type { CodeBlock, Command } from './command-file';

/** Words, bytes, instructions, and of scripts both their tokens and the symbol buffer that is made of them. */
export function imageOf(command: Command): string {
  const name = commandByName(command.name)?.name;
  if (name === '?' || name === 'print') {
    const [before, after] = name === '?' ? ['', ''] : ['print(', ');'];
    return JSON.stringify([command.name, imageOfScript(before + command.rest.text + after)]);
  }
  const blocks = new Map(command.blocks.map((block) => [block.span.start, block]));
  return JSON.stringify(
    command.tokens.map((token) => {
      const block = token.kind === 'block' ? blocks.get(token.span.start) : undefined;
      return block === undefined ? [token.kind, token.text] : [block.kind, imageOfBlock(block)];
    }),
  );
}

function imageOfBlock({ kind, isAssembly, body }: CodeBlock): unknown {
  // An assembler takes a line end for the end of an instruction.
  if (isAssembly)
    return body.text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  if (kind === 'script' && !/^\s*file:/i.test(body.text)) return imageOfScript(body.text);
  if (kind === 'output') return body.text.split(',').map((word) => word.trim());
  return body.text.trim().split(/\s+/);
}

function imageOfScript(source: string): unknown {
  const tokens = tokenize(source);
  const words: string[] = [];
  for (let token = 0; token < tokens.count; token++)
    words.push(`${tokens.kinds[token]} ${tokenText(tokens, token)}`);
  const { script, diagnostics } = compileScript(source, { globals: new GlobalTable() });
  // Without files and symbols not every script has bytes; then its tokens and its mistakes stand for it.
  return [words, script === undefined ? diagnostics.map(({ code }) => code) : [...script.bytes]];
}
