import assert from 'node:assert/strict';
import { EndOfBytes } from '../../../adapter/symbols/byte-cursor';
import { memorySource, SymbolFileError } from '../../../adapter/symbols/byte-source';
import { readMsf } from '../../../adapter/symbols/pdb/msf';

const PAGE = 512;

/** Pages 0 header, 1 and 2 unused, 3 map of the directory, 4 directory, 5.. streams. */
function container(sizes: readonly number[], pages: readonly (readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(PAGE * 10);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0'));
  const directory = [sizes.length, ...sizes, ...pages.flat()];
  [PAGE, 1, 10, directory.length * 4, 0, 3].forEach((value, i) => view.setUint32(32 + i * 4, value, true));
  view.setUint32(3 * PAGE, 4, true);
  directory.forEach((value, i) => view.setUint32(4 * PAGE + i * 4, value, true));
  for (let page = 5; page < 10; page++) bytes.fill(page, page * PAGE, (page + 1) * PAGE);
  return bytes;
}

describe('adapter/symbols: MSF container', () => {
  it('puts a stream together from pages in any order', () => {
    const msf = readMsf(memorySource(container([1300, 0xffffffff, 100], [[8, 9, 5], [7]])));
    const stream = msf.stream(0)!;
    const expected = [...Array(512).fill(8), ...Array(512).fill(9), ...Array(276).fill(5)];
    assert.deepEqual([...stream.read(0, 1300)], expected);
    assert.deepEqual([...stream.read(1000, 100)], expected.slice(1000, 1100));
    assert.throws(() => stream.read(1299, 2), EndOfBytes);
    assert.equal(msf.stream(1), undefined);
    assert.deepEqual([...msf.stream(2)!.read(98, 2)], [7, 7]);
    assert.equal(msf.stream(3), undefined);
  });

  it('refuses streams that are longer than the file, and pages outside of it', () => {
    const long = container([0x7fffffff], [[5]]);
    assert.throws(() => readMsf(memorySource(long)), SymbolFileError);
    const many = container([0xfffffff0, 1], [[5]]);
    assert.throws(() => readMsf(memorySource(many)), SymbolFileError);
    const outside = readMsf(memorySource(container([10], [[4000]])));
    assert.throws(() => outside.stream(0)!.read(0, 10), EndOfBytes);
    assert.throws(() => readMsf(memorySource(new Uint8Array(20))), SymbolFileError);
  });
});
