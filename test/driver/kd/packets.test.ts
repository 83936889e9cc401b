import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FrameReader, type KdFrame } from '../../../driver/kd/frame';
import type { Packet } from '../../../driver/kd/packet';
import { ANSWER, packetByAction, REQUEST } from '../../../driver/kd/packets';
import { DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION } from '../../../driver/sdk/tables.generated';
import { projectFile } from '../../project-root';

interface RecordedFrame {
  readonly hex: string;
  readonly dir: string;
  readonly summary: {
    readonly actionName: string;
    readonly parts: readonly { struct: string; offset: number; fields: Record<string, string> }[];
    readonly rest?: Record<string, unknown>;
  };
}

const folder = projectFile('test/vectors/kd');
const frames = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) =>
    (JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as { frames: RecordedFrame[] }[]).flatMap(
      (command) => command.frames.map((frame) => ({ ...frame, file: name })),
    ),
  );

function parse(hex: string): KdFrame {
  const item = new FrameReader().push(Buffer.from(hex, 'hex'))[0];
  assert.ok(item?.kind === 'frame');
  return item.frame;
}

const decoded = frames.map((recorded) => ({ recorded, frame: parse(recorded.hex) }));

function valuesOf<V>(packet: Packet<V>): V[] {
  return decoded
    .filter(({ frame }) => frame.action === packet.action)
    .map(({ frame }) => packet.decode(frame.payload));
}

describe('kernel-debugger payloads', () => {
  const actions = [...new Set(decoded.map(({ frame }) => frame.action))].sort((a, b) => a - b);
  for (const action of actions) {
    const ofAction = decoded.filter(({ frame }) => frame.action === action);
    const packet = packetByAction(action) as Packet<unknown> | undefined;
    it(`${packet?.name ?? action}: ${ofAction.length} frames come back byte for byte`, () => {
      assert.ok(packet);
      for (const { frame, recorded } of ofAction) {
        assert.equal(frame.type, packet.type);
        assert.ok(recorded.summary.actionName.endsWith(packet.name));
        const again = packet.encode(packet.decode(frame.payload));
        assert.equal(Buffer.from(again).toString('hex'), Buffer.from(frame.payload).toString('hex'));
      }
    });
  }

  it('all 506 frames are covered', () => {
    assert.equal(decoded.length, 506);
    assert.ok(decoded.every(({ frame }) => packetByAction(frame.action) !== undefined));
  });

  it('every action of the SDK that carries data has a layout here', () => {
    const missing = Object.entries(DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION)
      .filter(([, action]) => packetByAction(action) === undefined)
      .map(([name]) => name.replace('DEBUGGER_REMOTE_PACKET_REQUESTED_ACTION_', ''));
    // The spec gives these two no layout: nobody sends them.
    assert.deepEqual(missing, ['NO_ACTION', 'DEBUGGEE_RESULT_OF_SHORT_CIRCUITING_EVENT']);
  });

  it('the values are those that the recording names', () => {
    for (const { recorded, frame } of decoded) {
      const value: unknown = (packetByAction(frame.action) as Packet<unknown>).decode(frame.payload);
      for (const part of recorded.summary.parts.filter((p) => p.offset <= 4)) {
        const record = (value as { record?: object } | undefined)?.record ?? value;
        for (const [field, expected] of Object.entries(part.fields)) {
          const actual = (record as Record<string, unknown> | undefined)?.[field];
          if (typeof actual !== 'number' && typeof actual !== 'bigint') continue;
          assert.equal(BigInt(actual), BigInt(expected), `${recorded.file}: ${part.struct}.${field}`);
        }
      }
    }
  });

  it('data behind the records is typed', () => {
    assert.deepEqual(
      valuesOf(REQUEST.version).map((value) => value),
      Array.from({ length: 4 }, () => '0.2.0-00000000.0000'),
    );
    assert.deepEqual(new Set(valuesOf(REQUEST.search).map((value) => value.tail.length)), new Set([1, 3]));
    for (const { record, tail } of valuesOf(REQUEST.runScript))
      assert.equal(record.ScriptBufferSize, tail.length);
    for (const { record, tail } of valuesOf(REQUEST.registerEvent))
      assert.equal(record.ConditionBufferSize, tail.length);
    for (const { record, tail } of valuesOf(REQUEST.addAction))
      assert.equal(record.ScriptBufferSize + record.CustomCodeBufferSize, tail.length);
    for (const { record, tail } of valuesOf(ANSWER.callStack)) assert.equal(record.FrameCount, tail.length);
    for (const value of valuesOf(ANSWER.log)) assert.equal(Buffer.from(value.bytes).toString(), 'done\n\0');
    assert.deepEqual(
      valuesOf(ANSWER.readRegisters).map((value) => value.all?.general.r15),
      valuesOf(ANSWER.readRegisters).map((value) => (value.all ? 0x1000fn : undefined)),
    );
  });

  it('a payload that is too short throws RangeError', () => {
    for (const packet of [...Object.values(REQUEST), ...Object.values(ANSWER)] as Packet<unknown>[]) {
      if (packet.encode.length === 0) continue;
      if (packet === REQUEST.version || packet === ANSWER.started) continue;
      assert.throws(() => packet.decode(new Uint8Array(3)), RangeError, packet.name);
    }
  });
});
