import assert from 'node:assert/strict';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES } from '../../../driver/kd/frame';
import { Random } from '../../random';

const MARKER = [0x00, 0x80, 0xee, 0xff];
const INDICATOR = [...encodeFrame({ type: 3, action: 1, payload: new Uint8Array(0) }).subarray(8, 16)];

/** Numbered frames, so that it is known which arrived. */
function numbered(random: Random, number: number): Uint8Array {
  const payload = new Uint8Array(4 + random.below(random.below(8) === 0 ? 3000 : 60));
  for (let i = 4; i < payload.length; i++) payload[i] = random.below(256);
  new DataView(payload.buffer).setUint32(0, number);
  // Payloads with pieces of the wire's own language in them.
  const piece = random.pick([[], [], MARKER, INDICATOR, MARKER.slice(0, 3)]);
  if (payload.length >= 4 + piece.length) payload.set(piece, 4);
  return encodeFrame({ type: 3, action: 41, payload });
}

function read(random: Random, stream: Uint8Array): number[] {
  const reader = new FrameReader();
  const numbers: number[] = [];
  for (let at = 0; at < stream.length;) {
    const size = 1 + random.below(random.below(3) === 0 ? 5000 : 40);
    for (const item of reader.push(stream.subarray(at, at + size))) {
      if (item.kind !== 'frame') continue;
      const { payload } = item.frame;
      // What damage turns into a frame with a right sum by chance has a number that nobody sent.
      if (payload.length >= 4) numbers.push(new DataView(payload.buffer, payload.byteOffset).getUint32(0));
    }
    at += size;
  }
  return numbers;
}

const garbage = (random: Random) =>
  Uint8Array.from({ length: 1 + random.below(200) }, () => random.below(256)).map((byte) =>
    // The end marker is tried apart: it cuts what stands before it off.
    byte === 0xee ? 0 : byte,
  );

describe('frames behind damage', () => {
  it('garbage between frames costs no frame', () => {
    const random = new Random(11);
    for (let round = 0; round < 200; round++) {
      const count = 2 + random.below(8);
      const parts: Uint8Array[] = [];
      for (let number = 0; number < count; number++)
        parts.push(random.below(2) === 0 ? garbage(random) : new Uint8Array(0), numbered(random, number));
      const expected = Array.from({ length: count }, (_, number) => number);
      assert.deepEqual(read(random, Buffer.concat(parts)), expected, `round ${round}`);
    }
  });

  it('a torn frame costs itself alone once another one has begun behind the next', () => {
    const random = new Random(12);
    for (let round = 0; round < 200; round++) {
      const torn = numbered(random, 77);
      const cut = random.below(torn.length - 4);
      const stream = Buffer.concat([
        numbered(random, 0),
        torn.subarray(0, cut),
        numbered(random, 1),
        numbered(random, 2),
        numbered(random, 3),
      ]);
      assert.deepEqual(read(random, stream), [0, 1, 2, 3], `round ${round}, cut at ${cut}`);
    }
  });

  it('a corrupted frame costs itself, and never more than the one behind it', () => {
    const random = new Random(13);
    for (let round = 0; round < 300; round++) {
      const broken = numbered(random, 77);
      for (let hits = 1 + random.below(3); hits > 0; hits--)
        broken[random.below(broken.length)] = random.below(256);
      const stream = Buffer.concat([broken, ...[1, 2, 3, 4].map((number) => numbered(random, number))]);
      const numbers = read(random, stream);
      assert.deepEqual(
        [2, 3].filter((number) => !numbers.includes(number)),
        [],
        `round ${round}: ${numbers.join()}`,
      );
    }
  });

  it('more bytes than a frame has, with a frame behind them', () => {
    const random = new Random(14);
    for (let round = 0; round < 20; round++) {
      const noise = new Uint8Array(MAX_FRAME_BYTES + random.below(50_000)).fill(0x41);
      const stream = Buffer.concat([noise, numbered(random, 1), numbered(random, 2)]);
      assert.deepEqual(read(random, stream), [1, 2]);
    }
  });

  it('frames of one zero byte are nothing at all', () => {
    const reader = new FrameReader();
    assert.deepEqual(reader.push(Uint8Array.of(0, ...MARKER, 0, ...MARKER)), []);
    assert.equal(reader.push(encodeFrame({ type: 3, action: 1, payload: new Uint8Array(0) })).length, 1);
  });

  it('a payload full of end markers is read in time', () => {
    // Each marker with a byte that makes its sum zero, so that the frame is not over before its end by chance.
    const group = [...MARKER, 0x93];
    const groups = Math.floor((MAX_PAYLOAD_BYTES - 1) / group.length);
    const payload = Uint8Array.from(
      { length: groups * group.length + 1 },
      (_, i) => group[i % group.length]!,
    );
    payload[payload.length - 1] = 1;
    const bytes = encodeFrame({ type: 3, action: 57, payload });
    const started = performance.now();
    const reader = new FrameReader();
    const items = [...reader.push(bytes.subarray(0, 40_001)), ...reader.push(bytes.subarray(40_001))];
    assert.equal(items.length, 1);
    assert.ok(items[0]!.kind === 'frame' && items[0]!.frame.payload.length === payload.length);
    // Summing it anew at each marker takes seconds.
    assert.ok(performance.now() - started < 500);
  });
});
