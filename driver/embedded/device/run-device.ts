/** The embedded machine behind its IOCTL door, in the worker thread. */

import { logOfBuffer } from '../../kd/log-message';
import { OPERATION } from '../../sdk/tables.generated';
import { EventCore, type EventCoreOptions } from '../events/event-core';
import { GuestEventHost, type HostOutlets } from '../guest-event-host';
import type { GuestMachine } from '../guest-machine';
import { MachineLoop, type Transport } from '../machine-loop';
import type { BatchTiming } from '../messages/batch-deadline';
import { DueTransport } from '../messages/due-transport';
import { MessageQueues } from '../messages/message-queues';
import { DeviceDoor } from './device-door';
import { EmbeddedDevice } from './embedded-device';
import { GuestTarget } from './guest-target';

const WAIT_MS = 5000;

export interface DeviceRun {
  readonly machine: GuestMachine;
  readonly transport: Transport;
  readonly send: (message: Uint8Array) => void;
  readonly timing: BatchTiming;
  readonly eventOptions: EventCoreOptions;
  /** The program has ended, or the machine cannot go on (then `failure` says why). */
  readonly ended: (failure: string | undefined) => void;
}

/** Runs the program, then answers requests about what is left until the owner wants the end. */
export function runDevice({ machine, transport, send, timing, eventOptions, ended }: DeviceRun): void {
  const host: GuestEventHost = new GuestEventHost(machine, (): HostOutlets => outlets);
  const events = new EventCore(host, machine.codeRunner, eventOptions);
  const queues = new MessageQueues(timing);
  const device = new EmbeddedDevice({ target: new GuestTarget(machine), events, queues });
  const messages = {
    flushOverdue: () => {
      queues.flushOverdue();
      device.deliver();
    },
    get msUntilDue() {
      return queues.msUntilDue;
    },
  };
  const outlets: HostOutlets = {
    message: (operation, text, immediate) => device.message(operation, text, immediate),
    sendBuffer: (eventTag, bytes) => {
      const log = logOfBuffer({ eventTag, bytes });
      device.sendBuffer(log.operation, log.bytes);
    },
    // Nobody could let the machine go on: in this mode the real driver prints a text as well (section 1).
    halt: ({ eventTag }) =>
      device.message(
        OPERATION.OPERATION_LOG_WARNING_MESSAGE,
        `event 0x${eventTag.toString(16)}: pause() halts nothing in VMI mode; connect as a kernel debugger for that\n`,
        true,
      ),
    flush: () => queues.flush(),
    inject: (vector, errorCode) => loop.inject(vector, errorCode),
    traceStep: (traceType) => loop.traceStep(traceType),
  };
  const door = new DeviceDoor(device, send);
  const timed = new DueTransport(transport, messages);
  const loop = new MachineLoop(machine, events, door, timed);
  machine.guest.onMissing = (text) =>
    device.message(OPERATION.OPERATION_LOG_WARNING_MESSAGE, `${text}\n`, true);
  const failure = loop.run();
  queues.flushBatches();
  device.deliver();
  ended(failure);
  while (!transport.mustQuit) {
    for (let bytes = timed.take(); bytes !== undefined; bytes = timed.take()) door.receive(bytes);
    if (!transport.mustQuit) timed.wait(WAIT_MS);
  }
}
