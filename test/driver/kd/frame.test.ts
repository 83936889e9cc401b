import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  encodeFrame,
  FrameReader,
  MAX_FRAME_BYTES,
  type FrameReaderItem,
  type KdFrame,
} from '../../../driver/kd/frame';
import { projectFile } from '../../project-root';
import { Random } from '../../random';

interface RecordedCommand {
  readonly command: string;
  readonly frames: readonly {
    readonly hex: string;
    readonly summary: { type: number; action: number; payloadLength: number };
  }[];
}

const folder = projectFile('test/vectors/kd');
const recordings = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name,
    commands: JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as RecordedCommand[],
  }));
const recordedFrames = recordings.flatMap(({ commands }) => commands.flatMap((command) => command.frames));

const frame = (payload: Uint8Array, action = 41): KdFrame => ({ type: 3, action, payload });
const framesOf = (items: readonly FrameReaderItem[]) =>
  items.flatMap((item) => (item.kind === 'frame' ? [item.frame] : []));
const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

describe('kernel-debugger frames', () => {
  it('there are 506 recorded frames', () => assert.equal(recordedFrames.length, 506));

  for (const { name, commands } of recordings) {
    it(`${name}: every recorded frame decodes and encodes back to the same bytes`, () => {
      for (const { command, frames } of commands) {
        for (const { hex, summary } of frames) {
          const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
          const items = new FrameReader().push(bytes);
          assert.equal(items.length, 1, command);
          const [item] = items;
          assert.ok(item?.kind === 'frame', command);
          assert.equal(item.frame.type, summary.type);
          assert.equal(item.frame.action, summary.action);
          assert.equal(item.frame.payload.length, summary.payloadLength);
          assert.deepEqual(encodeFrame(item.frame), bytes, command);
        }
      }
    });
  }

  it('come out whole however the stream is cut or merged', () => {
    const random = new Random(1);
    const stream = Buffer.concat(recordedFrames.map(({ hex }) => Buffer.from(hex, 'hex')));
    for (let round = 0; round < 10; round++) {
      const reader = new FrameReader();
      const actions: number[] = [];
      for (let at = 0; at < stream.length;) {
        const size = 1 + random.below(round % 2 === 0 ? 7 : 9000);
        actions.push(...framesOf(reader.push(stream.subarray(at, at + size))).map((item) => item.action));
        at += size;
      }
      assert.deepEqual(
        actions,
        recordedFrames.map(({ summary }) => summary.action),
      );
    }
  });

  it('survive an end marker in the payload', () => {
    const payload = Uint8Array.of(1, 0x00, 0x80, 0xee, 0xff, 2, 0x00, 0x80, 0xee, 0xff);
    const reader = new FrameReader();
    const bytes = encodeFrame(frame(payload));
    const items = [...reader.push(bytes), ...reader.push(encodeFrame(frame(Uint8Array.of(7))))];
    assert.deepEqual(
      framesOf(items).map((item) => [...item.payload]),
      [[...payload], [7]],
    );
  });

  it('after a corrupted frame the next one is read, and the loss is told', () => {
    const broken = encodeFrame(frame(Uint8Array.of(1, 2, 3)));
    broken[25] = 0x55;
    const items = new FrameReader().push(concat([broken, encodeFrame(frame(Uint8Array.of(9)))]));
    assert.deepEqual(items[0], { kind: 'dropped', problem: 'wrong checksum', sizeBytes: broken.length });
    assert.deepEqual(
      framesOf(items).map((item) => [...item.payload]),
      [[9]],
    );
  });

  it('noise before a frame costs only the noise and that frame', () => {
    const noise = Uint8Array.of(0, 1, 2, 3, 0x00, 0x80, 0xee, 0xff);
    const items = new FrameReader().push(concat([noise, encodeFrame(frame(Uint8Array.of(4)))]));
    assert.deepEqual(
      items.map((item) => item.kind),
      ['dropped', 'frame'],
    );
  });

  it('an endless stream without a marker is dropped at the largest frame size', () => {
    const reader = new FrameReader();
    const items = Array.from({ length: 30 }, () => reader.push(new Uint8Array(4096).fill(0x41))).flat();
    const dropped = items.filter((item) => item.kind === 'dropped');
    assert.equal(dropped.length, 1);
    assert.ok(dropped[0]!.kind === 'dropped' && dropped[0]!.sizeBytes > MAX_FRAME_BYTES);
  });

  it('the checksum is the sum of all bytes, whatever the length and the place in the stream', () => {
    const random = new Random(3);
    for (let round = 0; round < 400; round++) {
      const payload = Uint8Array.from({ length: random.below(round < 300 ? 300 : 5000) }, () =>
        random.below(4) === 0 ? 0xff : random.below(256),
      );
      const bytes = encodeFrame(frame(payload));
      const summed = bytes.subarray(1, -4).reduce((sum, byte) => (sum + byte) & 0xff, 0);
      assert.equal(bytes[0], summed);
      // Frames of one zero byte shift what follows them without a trace.
      const shift = Uint8Array.of(0, 0x00, 0x80, 0xee, 0xff);
      const items = new FrameReader().push(concat([...Array(round % 4).fill(shift), bytes]));
      assert.deepEqual(framesOf(items), [frame(payload)]);
    }
  });

  it('a payload that cannot fit is refused', () => {
    assert.throws(() => encodeFrame(frame(new Uint8Array(MAX_FRAME_BYTES))), /at most 81892 bytes/);
  });

  it('a payload of nothing but end markers is complete without a byte behind it', () => {
    const marker = [0x00, 0x80, 0xee, 0xff];
    for (let count = 1; count <= 40; count++) {
      const sent = frame(
        Uint8Array.from({ length: marker.length * count }, (_, i) => marker[i % marker.length]!),
      );
      const reader = new FrameReader();
      assert.deepEqual(framesOf(reader.push(encodeFrame(sent))), [sent], `${count} markers`);
    }
  });

  it('random damage never throws and never loses the frames behind it', () => {
    const random = new Random(2);
    for (let round = 0; round < 300; round++) {
      const reader = new FrameReader();
      const damaged = encodeFrame(
        frame(Uint8Array.from({ length: random.below(60) }, () => random.below(256))),
      );
      for (let hits = 1 + random.below(4); hits > 0; hits--)
        damaged[random.below(damaged.length)] = random.below(256);
      reader.push(damaged.subarray(0, random.below(damaged.length + 1)));
      // The first frame behind the damage can be swallowed with it; the second one must arrive.
      const items = [
        ...reader.push(encodeFrame(frame(Uint8Array.of(1)))),
        ...reader.push(encodeFrame(frame(Uint8Array.of(2), 57))),
      ];
      const last = framesOf([...items, ...reader.push(encodeFrame(frame(Uint8Array.of(3), 58)))]);
      assert.ok(
        last.some((item) => item.action === 58),
        `round ${round}`,
      );
    }
  });
});
