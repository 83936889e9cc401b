/** The thread in which the embedded machine lives. It never returns to its event loop before the machine is over. */

import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { ownSystemName } from '../kd/own-target';
import { OPERATION } from '../sdk/tables.generated';
import { openUnicornLibrary, UnicornUnavailableError } from '../native/unicorn-search';
import { UnknownEngineError } from './cpu/engine-layout';
import { PooledEventCore } from './device/pooled-event-core';
import { runDevice } from './device/run-device';
import { EventCore } from './events/event-core';
import { GuestEventHost, type HostOutlets } from './guest-event-host';
import { GuestMachine } from './guest-machine';
import { NotRunnableError } from './guest/elf';
import { MAX_UNREAD_BYTES, WORD, type OwnerMessage, type WorkerData, type WorkerMessage } from './link';
import { MachineLoop, type Transport } from './machine-loop';
import { DEFAULT_BATCH_TIMEOUT_MS, type BatchTiming } from './messages/batch-deadline';
import { DueTransport } from './messages/due-transport';
import { WireMessages } from './messages/wire-messages';
import { KdServer } from './server/kd-server';

const { options, door, words, port } = workerData as WorkerData;
const CONSOLE_WAIT_MS = 50;
const timing: BatchTiming = {
  nowMs: () => performance.now(),
  timeoutMs:
    options.batchTimeoutMs === null ? undefined : (options.batchTimeoutMs ?? DEFAULT_BATCH_TIMEOUT_MS),
};
const eventOptions = { deliversReturnedBuffer: options.deliversReturnedBuffer ?? true };

function tell(message: WorkerMessage): void {
  port.postMessage(message);
}

const mustQuit = (): boolean => Atomics.load(words, WORD.quit) !== 0;

function writeConsole(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
  while (Atomics.load(words, WORD.unread) > MAX_UNREAD_BYTES && !mustQuit()) {
    Atomics.wait(words, WORD.unread, Atomics.load(words, WORD.unread), CONSOLE_WAIT_MS);
  }
  Atomics.add(words, WORD.unread, bytes.length);
  tell({ kind: 'output', stream, bytes });
}

interface OtherNews {
  forgetDebugger(): void;
  type(bytes: Uint8Array | undefined): void;
}

/** Bytes of the debugger; other news are dealt with on the way to them. */
function takeBytes(other: OtherNews): Uint8Array | undefined {
  for (;;) {
    Atomics.store(words, WORD.seen, Atomics.load(words, WORD.signal));
    const received = receiveMessageOnPort(port) as { message: OwnerMessage } | undefined;
    if (received === undefined) return undefined;
    if (received.message instanceof Uint8Array) return received.message;
    if (received.message.kind === 'typed') {
      other.type(received.message.bytes);
      continue;
    }
    other.forgetDebugger();
    tell({ kind: 'debugger forgotten' });
  }
}

const createTransport = (other: OtherNews): Transport => ({
  take: () => takeBytes(other),
  wait: (timeoutMs) => {
    // The last look at what had come may have been the one that saw the signal to quit.
    if (mustQuit()) return;
    Atomics.wait(words, WORD.signal, Atomics.load(words, WORD.seen), timeoutMs);
  },
  get mustQuit() {
    return mustQuit();
  },
  get hasNews() {
    return Atomics.load(words, WORD.signal) !== Atomics.load(words, WORD.seen);
  },
  whileInterruptible: (body) => {
    Atomics.store(words, WORD.running, 1);
    try {
      // What came before `running` was set has stopped nothing; it must be looked at first.
      return Atomics.load(words, WORD.signal) === Atomics.load(words, WORD.seen) ? body() : undefined;
    } finally {
      Atomics.store(words, WORD.running, 0);
    }
  },
});

function createMachine(): GuestMachine | undefined {
  try {
    const library = openUnicornLibrary();
    const machine = new GuestMachine(library, options, writeConsole);
    tell({ kind: 'ready', engine: machine.cpu.engine.handle, libraryFile: library.file });
    return machine;
  } catch (error) {
    const refused = refusal(error);
    if (refused === undefined) throw error;
    tell({ kind: 'refused', ...refused });
    return undefined;
  }
}

function refusal(error: unknown): { origin: 'program' | 'machine'; text: string } | undefined {
  if (error instanceof NotRunnableError)
    return { origin: 'program', text: `"${options.program}" ${error.message}.` };
  if (error instanceof UnicornUnavailableError) return { origin: 'machine', text: error.message };
  if (error instanceof UnknownEngineError) {
    return {
      origin: 'machine',
      text: `This build of libunicorn cannot be used (${error.message}); version 2.1.4 from "pip download unicorn==2.1.4" is known to work.`,
    };
  }
  return undefined;
}

function runMachine(machine: GuestMachine): void {
  const Core = options.limitsInstantEvents === true ? PooledEventCore : EventCore;
  const host: GuestEventHost = new GuestEventHost(machine, (): HostOutlets => outlets);
  const events = new Core(host, machine.codeRunner, eventOptions);
  const server = new KdServer({
    machine,
    events,
    send: (bytes) => tell({ kind: 'wire', bytes }),
    operatingSystem: ownSystemName(machine.guest.kind),
    beforeStop: () => messages.flush(),
  });
  const transport = createTransport({
    forgetDebugger: () => {
      messages.drop();
      server.disconnect();
    },
    type: (bytes) => machine.guest.input(bytes),
  });
  const messages = new WireMessages((operation, text) => server.message(operation, text), timing);
  const loop = new MachineLoop(machine, events, server, new DueTransport(transport, messages));
  const outlets: HostOutlets = {
    message: (operation, text, immediate) => messages.message(operation, text, immediate),
    sendBuffer: (eventTag: bigint, bytes: Uint8Array) => server.sendBuffer(eventTag, bytes),
    halt: loop.halt.bind(loop),
    inject: loop.inject.bind(loop),
    traceStep: loop.traceStep.bind(loop),
    // What `flush()` drops are queued messages, and here they have left (driver-protocol 4).
    flush: () => undefined,
  };
  machine.guest.onMissing = (text) => server.message(OPERATION.OPERATION_LOG_WARNING_MESSAGE, `${text}\n`);
  const failure = loop.run();
  messages.flush();
  tellEnd(machine, failure);
}

function tellEnd(machine: GuestMachine, failure: string | undefined): void {
  const { end } = machine.guest;
  if (failure !== undefined) tell({ kind: 'failed', text: failure });
  else if (end !== undefined) tell({ kind: 'exited', ...end });
}

/** The engine goes only after the owner has said that it will not reach for it any more. */
function waitForFarewell(): void {
  while (!mustQuit()) Atomics.wait(words, WORD.quit, 0, CONSOLE_WAIT_MS);
}

const machine = createMachine();
if (machine !== undefined) {
  if (door === 'kd') runMachine(machine);
  else
    runDevice({
      machine,
      transport: createTransport({
        // Each request of a device is answered, so none is left behind by a client that goes.
        forgetDebugger: () => undefined,
        type: (bytes) => machine.guest.input(bytes),
      }),
      send: (bytes) => tell({ kind: 'wire', bytes }),
      timing,
      eventOptions,
      ended: (failure) => tellEnd(machine, failure),
    });
  waitForFarewell();
  machine.dispose();
}
port.close();
