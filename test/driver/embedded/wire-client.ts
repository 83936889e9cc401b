/** A debugger that speaks the wire frame by frame, and checks that every frame it gets is well formed. */

import assert from 'node:assert/strict';
import type { ByteStream } from '../../../driver/byte-stream';
import { encodeFrame, FrameReader, type KdFrame } from '../../../driver/kd/frame';
import type { Packet } from '../../../driver/kd/packet';
import { ANSWER, packetByAction, REQUEST } from '../../../driver/kd/packets';
import { bytesToText } from '../../../driver/kd/text-bytes';

export const ANSWER_LIMIT_MS = 5000;

export class WireClient {
  readonly frames: KdFrame[] = [];
  isHalted = false;
  readonly #reader = new FrameReader();
  #arrived: (() => void) | undefined;

  constructor(readonly stream: ByteStream) {
    stream.onBytes((bytes) => {
      for (const item of this.#reader.push(bytes)) {
        assert.equal(item.kind, 'frame');
        if (item.kind === 'frame') this.#take(item.frame);
      }
      this.#arrived?.();
    });
  }

  #take(frame: KdFrame): void {
    const packet = packetByAction(frame.action) as Packet<unknown> | undefined;
    assert.ok(
      packet !== undefined && packet.type === frame.type && frame.type === 3,
      `action ${frame.action}`,
    );
    // Well formed: what was read out of it makes the same bytes again.
    assert.deepEqual(packet.encode(packet.decode(frame.payload)), frame.payload, packet.name);
    if (frame.action === ANSWER.stopped.action) this.isHalted = true;
    this.frames.push(frame);
  }

  sendBytes(bytes: Uint8Array): void {
    this.stream.send(bytes);
  }

  send<V>(packet: Packet<V>, value: V): void {
    this.sendBytes(encodeFrame({ type: packet.type, action: packet.action, payload: packet.encode(value) }));
  }

  /** The answer with this action, taken out of what came; undefined when it does not come in time. */
  async next(action: number, limitMs = ANSWER_LIMIT_MS): Promise<KdFrame | undefined> {
    const end = performance.now() + limitMs;
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.action === action);
      if (at >= 0) return this.frames.splice(at, 1)[0];
      const left = end - performance.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async ask<Q, A>(packet: Packet<Q>, value: Q, answer: Packet<A>): Promise<A> {
    this.send(packet, value);
    const frame = await this.next(answer.action);
    assert.ok(frame !== undefined, `no ${answer.name} for ${packet.name}`);
    return answer.decode(frame.payload);
  }

  async connect(): Promise<void> {
    this.isHalted = false;
    await this.ask(REQUEST.version, 'any', ANSWER.modulesFinished);
    await this.pause();
  }

  async pause(): Promise<void> {
    await this.ask(REQUEST.pause, undefined, ANSWER.stopped);
  }

  texts(): string[] {
    return this.frames
      .filter((frame) => frame.action === ANSWER.log.action)
      .map((frame) => bytesToText(ANSWER.log.decode(frame.payload).bytes));
  }
}
