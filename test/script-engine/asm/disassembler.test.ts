import assert from 'node:assert/strict';
import { loadDisassembler } from '../../../script-engine/asm/disassembler';

describe('disassembler', () => {
  it('decodes instructions with their addresses, sizes and texts', async () => {
    const bytes = Uint8Array.from(Buffer.from('554889e5488b4108c3', 'hex'));
    const found = (await loadDisassembler()).decode(bytes, 0xfffff80012345000n, 10);
    assert.deepEqual(
      found.map(({ address, sizeBytes, text }) => [address, sizeBytes, text]),
      [
        [0xfffff80012345000n, 1, 'push rbp'],
        [0xfffff80012345001n, 3, 'mov rbp, rsp'],
        [0xfffff80012345004n, 4, 'mov rax, [rcx+8]'],
        [0xfffff80012345008n, 1, 'ret'],
      ],
    );
    assert.deepEqual(found[3]?.bytes, Uint8Array.of(0xc3));
    assert.equal(found[3]?.isReturn, true);
  });

  it('knows calls and where they lead', async () => {
    const bytes = Uint8Array.from(Buffer.from('e8fb0f0000ffd074fe', 'hex'));
    const found = (await loadDisassembler()).decode(bytes, 0x400000n, 3);
    assert.deepEqual(
      found.map(({ isCall, target }) => [isCall, target]),
      [
        [true, 0x401000n],
        [true, undefined],
        [false, 0x400007n],
      ],
    );
  });

  it('stops at the count and before an instruction that is cut off', async () => {
    const disassembler = await loadDisassembler();
    assert.equal(disassembler.decode(Uint8Array.of(0x90, 0x90, 0x90), 0n, 2).length, 2);
    assert.equal(disassembler.decode(Uint8Array.of(0x90, 0x48, 0x8b), 0n, 5).length, 1);
    assert.equal(disassembler.decode(Uint8Array.of(0x06, 0x90), 0n, 5)[0]?.text, '(bad)');
  });
});
