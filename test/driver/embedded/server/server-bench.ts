/** A server of a plain machine, fed with packets, and the frames that it sends. */

import assert from 'node:assert/strict';
import { EventCore } from '../../../../driver/embedded/events/event-core';
import { KdServer } from '../../../../driver/embedded/server/kd-server';
import { encodeFrame, FrameReader, type KdFrame } from '../../../../driver/kd/frame';
import type { Packet } from '../../../../driver/kd/packet';
import { ANSWER, REQUEST } from '../../../../driver/kd/packets';
import * as sdk from '../../../../driver/sdk/structs.generated';
import { PAGE, PlainCodeRunner, PlainMachine } from './plain-machine';

const ALL = 0xffffffff;

export class Bench {
  readonly machine = new PlainMachine();
  readonly events = new EventCore(this.machine, new PlainCodeRunner(this.machine));
  readonly frames: KdFrame[] = [];
  readonly server: KdServer;
  readonly #reader = new FrameReader();

  constructor() {
    this.server = new KdServer({
      machine: this.machine,
      events: this.events,
      operatingSystem: 'plain machine',
      send: (bytes) => {
        for (const item of this.#reader.push(bytes)) if (item.kind === 'frame') this.frames.push(item.frame);
      },
    });
  }

  send<V>(packet: Packet<V>, value: V): void {
    const payload = packet.encode(value);
    this.server.receive(encodeFrame({ type: packet.type, action: packet.action, payload }));
  }

  halt(): this {
    if (this.server.state === 'handshake' || this.server.state === 'closed')
      this.send(REQUEST.version, 'any');
    this.server.stop({ reason: 'requested' });
    this.frames.length = 0;
    return this;
  }

  /** The one answer of this kind; forgets all frames. */
  answer<V>(packet: Packet<V>): V {
    const found = this.frames.filter((frame) => frame.action === packet.action);
    assert.equal(found.length, 1, `answers ${packet.name}`);
    this.frames.length = 0;
    return packet.decode(found[0]!.payload);
  }

  /** Whether a breakpoint that is there does not stop the machine. */
  breakpointsMuted(): boolean {
    const record = { ...sdk.DEBUGGEE_BP_PACKET.zero(), Address: PAGE, Pid: ALL, Tid: ALL, Core: ALL };
    this.send(REQUEST.setBreakpoint, record);
    this.frames.length = 0;
    return this.server.breakpointHit(PAGE) === undefined;
  }

  texts(): string[] {
    return this.frames
      .filter((frame) => frame.action === ANSWER.log.action)
      .map((frame) => Buffer.from(ANSWER.log.decode(frame.payload).bytes).toString());
  }
}
