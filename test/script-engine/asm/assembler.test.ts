import assert from 'node:assert/strict';
import { loadAssembler } from '../../../script-engine/asm/assembler';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function assemble(text: string, address = 0n): Promise<string> {
  const result = (await loadAssembler()).assemble(text, address);
  return result.ok ? hex(result.bytes) : `${result.line}: ${result.message}`;
}

describe('assembler', () => {
  it('assembles statements of a line, of many lines, and between comments', async () => {
    assert.equal(await assemble('inc qword ptr [rcx]; mov rax, rcx; ret'), '48ff014889c8c3');
    assert.equal(await assemble('\n  nop // first\n  /* two\n lines */ nop\n; ret'), '9090c3');
  });

  it('knows labels', async () => {
    assert.equal(await assemble('again: dec eax\njnz again\nret'), 'ffc875fcc3');
  });

  it('places calls for an address', async () => {
    assert.equal(await assemble('call 0x401000', 0x400000n), 'e8fb0f0000');
  });

  it('says which statement is wrong, and on which line', async () => {
    assert.equal(
      await assemble('nop\n  frob eax; nop'),
      '1: `frob eax` cannot be assembled: invalid mnemonic.',
    );
    assert.equal(
      await assemble('again: nop\nmov rax\njmp again'),
      '1: `mov rax` cannot be assembled: invalid operand.',
    );
    assert.match(await assemble('  '), /no instruction/);
  });

  it('answers where the engine would hang or run out of memory', async () => {
    for (const text of [
      '[[[',
      '(',
      '!',
      ']',
      'mov rax, [[rax',
      '.fill 1000000000',
      '.rept 10\nnop\n.endr',
      '"abc',
    ]) {
      assert.match(await assemble(text), /cannot be assembled/, text);
    }
  });
});
