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
import { WORD, type OwnerMessage, type WorkerData } from './link';
import { MachineLoop, type Transport } from './machine-loop';
import { DEFAULT_BATCH_TIMEOUT_MS, type BatchTiming } from './messages/batch-deadline';
import { DueTransport } from './messages/due-transport';
import { WireMessages } from './messages/wire-messages';
import { Outbox } from './outbox';
import { WatchedRuns } from './run-watch';
import { KdServer } from './server/kd-server';

const { options, door, words, port, ring } = workerData as WorkerData;
const FAREWELL_WAIT_MS = 50;
const outbox = new Outbox(port, words, ring);
const timing: BatchTiming = {
  nowMs: () => performance.now(),
  timeoutMs:
    options.batchTimeoutMs === null ? undefined : (options.batchTimeoutMs ?? DEFAULT_BATCH_TIMEOUT_MS),
};
const eventOptions = { deliversReturnedBuffer: options.deliversReturnedBuffer ?? true };

const slices = new WatchedRuns(words, WORD.slice, () => outbox.tell({ kind: 'watch', runs: 'slice' }));
const mustQuit = (): boolean => Atomics.load(words, WORD.quit) !== 0;

interface OtherNews {
  forgetDebugger(): void;
  type(bytes: Uint8Array | undefined): void;
}

/** The last look at the port has found nothing; what comes after it comes with a signal. */
let isPortEmpty = false;

/** Bytes of the debugger; other news are dealt with on the way to them. */
function takeBytes(other: OtherNews): Uint8Array | undefined {
  // The CPU comes back for every event, and a look at the port costs as much as a short script.
  if (isPortEmpty && Atomics.load(words, WORD.signal) === Atomics.load(words, WORD.seen)) return undefined;
  for (;;) {
    Atomics.store(words, WORD.seen, Atomics.load(words, WORD.signal));
    const received = receiveMessageOnPort(port) as { message: OwnerMessage } | undefined;
    isPortEmpty = received === undefined;
    if (received === undefined) return undefined;
    if (received.message instanceof Uint8Array) return received.message;
    if (received.message.kind === 'typed') {
      other.type(received.message.bytes);
      continue;
    }
    other.forgetDebugger();
    outbox.tell({ kind: 'debugger forgotten' });
  }
}

const createTransport = (other: OtherNews): Transport => ({
  take: () => takeBytes(other),
  wait: (timeoutMs) => {
    // The last look at what had come may have been the one that saw the signal to quit.
    if (mustQuit()) return;
    outbox.beforeWait();
    Atomics.wait(words, WORD.signal, Atomics.load(words, WORD.seen), timeoutMs);
  },
  get mustQuit() {
    return mustQuit();
  },
  get hasNews() {
    return Atomics.load(words, WORD.signal) !== Atomics.load(words, WORD.seen);
  },
  whileInterruptible: (body, isLimited) => {
    Atomics.store(words, WORD.running, 1);
    if (isLimited) slices.begin();
    try {
      // What came before `running` was set has stopped nothing; it must be looked at first.
      return Atomics.load(words, WORD.signal) === Atomics.load(words, WORD.seen) ? body() : undefined;
    } finally {
      if (isLimited) slices.end();
      Atomics.store(words, WORD.running, 0);
    }
  },
});

function createMachine(): GuestMachine | undefined {
  try {
    const library = openUnicornLibrary();
    const machine = new GuestMachine(
      library,
      options,
      (stream, bytes) => outbox.output(stream, bytes),
      new WatchedRuns(words, WORD.code, () => outbox.tell({ kind: 'watch', runs: 'code' })),
    );
    const { cpu, codeRunner } = machine;
    const [engine, codeEngine] = [cpu.engine.handle, codeRunner.engineHandle];
    outbox.tell({ kind: 'ready', engine, codeEngine, libraryFile: library.file });
    return machine;
  } catch (error) {
    const refused = refusal(error);
    if (refused === undefined) throw error;
    outbox.tell({ kind: 'refused', ...refused });
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
    send: (bytes) => outbox.wire(bytes),
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
  if (failure !== undefined) outbox.tell({ kind: 'failed', text: failure });
  else if (end !== undefined) outbox.tell({ kind: 'exited', ...end });
}

/** The engine goes only after the owner has said that it will not reach for it any more. */
function waitForFarewell(): void {
  outbox.beforeWait();
  while (!mustQuit()) Atomics.wait(words, WORD.quit, 0, FAREWELL_WAIT_MS);
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
      send: (bytes) => outbox.wire(bytes),
      timing,
      eventOptions,
      ended: (failure) => tellEnd(machine, failure),
    });
  waitForFarewell();
  machine.dispose();
}
port.close();
