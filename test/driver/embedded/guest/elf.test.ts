import assert from 'node:assert/strict';
import { NotRunnableError, readElf } from '../../../../driver/embedded/guest/elf';
import { Random } from '../../../random';

/** A header and one loadable segment; enough for the reader. */
function smallElf(change: (view: DataView) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(0x200);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 62, true);
  view.setBigUint64(24, 0x40_1000n, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true);
  view.setUint32(68, 5, true);
  view.setBigUint64(72, 0n, true);
  view.setBigUint64(80, 0x40_0000n, true);
  view.setBigUint64(96, 0x200n, true);
  view.setBigUint64(104, 0x1000n, true);
  change(view);
  return bytes;
}

describe('reading a program file', () => {
  it('finds entry point and segments', () => {
    const image = readElf(smallElf());
    assert.deepEqual([image.entry, image.isRelocatable, image.interpreter], [0x40_1000, false, undefined]);
    const [segment] = image.segments;
    assert.deepEqual([segment?.address, segment?.write, segment?.execute], [0x40_0000, false, true]);
  });

  const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['an empty file', new Uint8Array(0), /is empty/],
    ['a Windows program', Uint8Array.of(0x4d, 0x5a, 0x90), /Windows program \(PE\)/],
    ['a shell script', Buffer.from('#!/bin/sh\n'), /is a script/],
    ['a text', Buffer.from('hello'), /is not an ELF program/],
    ['a 32-bit program', smallElf((view) => view.setUint8(4, 1)), /is a 32-bit program/],
    ['an ARM program', smallElf((view) => view.setUint16(18, 183, true)), /another processor/],
    ['an object file', smallElf((view) => view.setUint16(16, 1, true)), /object file/],
    ['a cut header', smallElf().subarray(0, 40), /cut off/],
    ['a segment behind the end', smallElf((view) => view.setBigUint64(96, 0x900n, true)), /cut off/],
    ['an absurd size', smallElf((view) => view.setBigUint64(104, 2n ** 60n, true)), /damaged/],
  ];
  for (const [name, bytes, message] of refused) {
    it(`refuses ${name} in words`, () => {
      assert.throws(
        () => readElf(bytes),
        (error: Error) => error instanceof NotRunnableError && message.test(error.message),
      );
    });
  }

  it('never fails in another way, whatever bytes are changed', () => {
    const random = new Random(7);
    for (let i = 0; i < 3000; i++) {
      const bytes = smallElf();
      for (let k = 0; k < 4; k++) bytes[random.below(128)] = random.below(256);
      try {
        readElf(bytes);
      } catch (error) {
        assert.ok(error instanceof NotRunnableError, String(error));
      }
    }
  });
});
