/** A client connected to a plain target, and what it hears. */

import assert from 'node:assert/strict';
import type { Debuggee, EventRequest, Stop, TargetBuffer, TargetMessage } from '../../../driver/debuggee';
import { DriverError } from '../../../driver/driver-error';
import { connectKdDebuggee, type KdConnectOptions } from '../../../driver/kd/kd-debuggee';
import { VMM_EVENT_TYPE_ENUM as TYPE, type DEBUGGER_ERROR } from '../../../driver/sdk/tables.generated';
import { PlainTarget } from '../embedded/server/plain-target';

export const TAG = 0x1000001n;
export const ALL = 0xffffffff;

export class Log {
  readonly stops: Stop[] = [];
  readonly messages: TargetMessage[] = [];
  readonly buffers: TargetBuffer[] = [];
  readonly lost: string[] = [];
  readonly ended: string[] = [];
  readonly order: string[] = [];
  constructor(debuggee: Debuggee) {
    debuggee.listen({
      stopped: (stop) => {
        this.stops.push(stop);
        this.order.push(`stop ${stop.reason}`);
      },
      message: (message) => {
        this.messages.push(message);
        this.order.push(message.text.trim());
      },
      buffer: (buffer) => this.buffers.push(buffer),
      lost: (_count, text) => this.lost.push(text),
      ended: (reason) => this.ended.push(reason),
    });
  }
}

export async function connect(options: KdConnectOptions = {}, target = new PlainTarget()) {
  const connecting = connectKdDebuggee(target.clientStream, options);
  target.server.ping();
  const debuggee = await connecting;
  return { target, debuggee, log: new Log(debuggee) };
}

export async function connectHalted(options: KdConnectOptions = {}) {
  const connected = await connect(options);
  await connected.debuggee.pause();
  return connected;
}

export const turn = () => new Promise((resolve) => setImmediate(resolve));
export async function turns(count = 5) {
  for (let i = 0; i < count; i++) await turn();
}

export const cpuidEvent = (change: Partial<EventRequest> = {}): EventRequest => ({
  tag: TAG,
  type: TYPE.CPUID_INSTRUCTION_EXECUTION,
  coreId: ALL,
  processId: ALL,
  stage: 1,
  shortCircuit: false,
  options: [],
  condition: undefined,
  ...change,
});
export const cpuid = {
  kind: 'instruction',
  type: TYPE.CPUID_INSTRUCTION_EXECUTION,
  stage: 'pre',
  context: 7n,
} as const;
export const refusedWith = (code: keyof typeof DEBUGGER_ERROR) => (error: unknown) => {
  assert.ok(error instanceof DriverError);
  assert.equal(error.codeName, code);
  return true;
};
