/** The embedded target as its user sees it: a machine in a worker thread, reached through KD frames alone. */

import fs from 'node:fs';
import path from 'node:path';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import type { ByteStream } from '../byte-stream';
import type * as NativeUnicorn from '../native/unicorn';
import { Inbox } from './inbox';
import { loadUnicornCalls } from './load-unicorn-calls';
import { WORD, WORD_COUNT, type Door, type OwnerMessage, type WorkerData, type WorkerMessage } from './link';
import { CODE_TIME_MS, RunWatchdog, SLICE_TIME_MS } from './run-watch';
import { createRingMemory } from './shared-ring';

export interface EmbeddedMachineOptions {
  /** Path of a Linux x86-64 ELF program, or of a bare-metal 64-bit ELF kernel, on this computer. */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Folders of this computer that the guest may read besides the program's own (guests see nothing else). */
  readonly readableFolders?: readonly string[];
  /**
   * Standard input of a program: `none`, which is the default, is at its end from the start; with `open` the program waits for
   * what `type` brings until `endInput`. A kernel has a keyboard in any case.
   */
  readonly input?: 'none' | 'open';
  /** Processor cores, 1 to MAX_CORES; one when left out. A bare-metal kernel has one. The threads of a program are spread over them. */
  readonly cores?: number;
  /**
   * How long output of actions with `imm no` may wait to be sent in one piece, in milliseconds; null is until the piece is
   * full, as in the real driver. Default 20.
   */
  readonly batchTimeoutMs?: number | null;
  /** Whether a pointer that custom code returns hands its buffer to the debugger. Default true; HyperDbg 0.23 does not. */
  readonly deliversReturnedBuffer?: boolean;
  /**
   * Whether events that come while the target is halted need blocks of the sizes and numbers that the real driver reserves
   * (20 events, scripts of 8192 bytes, no buffers; driver-protocol 5.8). Default false: any number fits.
   */
  readonly limitsInstantEvents?: boolean;
}

export const MAX_CORES = 64;

/** What the machine's own console shows. It is no part of the debugger's wire. */
export type ConsoleEvent =
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  /** The program ended by `exit`, or by a signal (then `code` is 128 + its number, as a shell says it). */
  | { readonly kind: 'exited'; readonly code: number; readonly signal: string | undefined }
  /** The machine itself cannot go on; `reason` is a sentence. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface EmbeddedMachine {
  /**
   * The debugger's wire. The program is loaded but held before its first instruction until a debugger has connected,
   * paused it and let it continue. After `exited` and `failed` the stream closes.
   */
  readonly stream: ByteStream;
  /** Events that came before the first listener are kept for it. */
  onConsole(listener: (event: ConsoleEvent) => void): void;
  /**
   * Tells the machine that the debugger at `stream` is gone: its events and breakpoints go, and the program runs on. Once
   * this has resolved, another debugger may show its signature on the stream.
   */
  debuggerLeft(): Promise<void>;
  /** Text for the guest: a kernel gets its keyboard's scan codes, a program its standard input (see `input`). */
  type(text: string | Uint8Array): void;
  /** The program's standard input is at its end. */
  endInput(): void;
  /** Ends the machine at once, whatever it does. Safe to call twice. */
  dispose(): Promise<void>;
}

/** The machine could not be made; the message is one sentence for the user and names the cure. */
export class EmbeddedMachineError extends Error {
  override readonly name = 'EmbeddedMachineError';
  constructor(
    message: string,
    /** `program`: the user's file is missing or unfit; `machine`: this computer lacks something (exit status 3). */
    readonly origin: 'program' | 'machine',
  ) {
    super(message);
  }
}

/** The worker's bundle stands beside this one; compiled file by file it has the name of its source. */
const WORKER_FILES = ['embedded-worker.js', 'worker.js'];
const KICK_INTERVAL_MS = 1;

function workerFile(): string {
  const found = WORKER_FILES.map((name) => path.join(__dirname, name)).find((file) => fs.existsSync(file));
  if (found === undefined) throw new Error(`the embedded machine's program is missing beside ${__filename}`);
  return found;
}

/** Starts the worker thread and loads the program. Rejects with EmbeddedMachineError. */
export function startEmbeddedMachine(options: EmbeddedMachineOptions): Promise<EmbeddedMachine> {
  return startWorkerMachine(options, 'kd');
}

/** The machine behind the given door; with `device`, `stream` carries one request or answer a piece. */
export async function startWorkerMachine(
  options: EmbeddedMachineOptions,
  door: Door,
): Promise<EmbeddedMachine> {
  checkReadable(options.program);
  const native = await loadUnicornCalls().catch((error: Error) => {
    throw new EmbeddedMachineError(error.message, 'machine');
  });
  const machine = new WorkerMachine(options, door, native);
  await machine.ready;
  return machine;
}

function checkReadable(program: string): void {
  const refuse = (text: string): never => {
    throw new EmbeddedMachineError(text, 'program');
  };
  const status = fs.statSync(program, { throwIfNoEntry: false });
  if (status === undefined) refuse(`The program "${program}" does not exist; check the path.`);
  if (status?.isFile() !== true)
    refuse(`"${program}" is not a file; give the path of a Linux x86-64 program.`);
  try {
    fs.accessSync(program, fs.constants.R_OK);
  } catch {
    refuse(`"${program}" cannot be read: you have no permission for it; "chmod +r" gives it.`);
  }
}

class WorkerMachine implements EmbeddedMachine {
  readonly ready: Promise<void>;
  readonly stream: WorkerStream;
  readonly #door: Door;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #inbox: Inbox;
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * WORD_COUNT));
  readonly #ended: Promise<void>;
  readonly #kept: ConsoleEvent[] = [];
  #listener: ((event: ConsoleEvent) => void) | undefined;
  #engine: { readonly handle: bigint; readonly library: NativeUnicorn.UnicornLibrary } | undefined;
  #codeEngine = 0n;
  readonly #watchdogs = {
    code: new RunWatchdog(this.#words, WORD.code, CODE_TIME_MS, () => this.#stopEngine(this.#codeEngine)),
    slice: new RunWatchdog(this.#words, WORD.slice, SLICE_TIME_MS, () =>
      this.#stopEngine(this.#engine?.handle),
    ),
  };
  #isOver = false;
  readonly #forgetting: (() => void)[] = [];

  constructor(
    options: EmbeddedMachineOptions,
    door: Door,
    private readonly native: typeof NativeUnicorn,
  ) {
    this.#door = door;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.stream = new WorkerStream(port1, options.program, () => this.#signal());
    const words = this.#words;
    const ring = createRingMemory();
    const workerData: WorkerData = { options, door, words, port: port2, ring };
    this.#worker = new Worker(workerFile(), { workerData, transferList: [port2] });
    let resolve: () => void = () => undefined;
    let reject: (error: Error) => void = () => undefined;
    this.ready = new Promise((...settle) => ([resolve, reject] = settle));
    // A device's piece is a whole answer.
    const joinsWire = door === 'kd';
    this.#inbox = new Inbox({ port: port1, words, ring, joinsWire }, (message) =>
      this.#onMessage(message, resolve, reject),
    );
    this.#worker.on('error', (error) => {
      reject(new EmbeddedMachineError(`The embedded machine failed: ${error.message}.`, 'machine'));
      this.#inbox.takeAll();
      this.#finish({ kind: 'failed', reason: `The embedded machine failed: ${error.message}.` });
    });
    this.#ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
  }

  #onMessage(message: WorkerMessage, resolve: () => void, reject: (error: Error) => void): void {
    switch (message.kind) {
      case 'ready':
        this.#engine = {
          handle: message.engine,
          library: new this.native.UnicornLibrary(message.libraryFile),
        };
        this.#codeEngine = message.codeEngine;
        resolve();
        return;
      case 'watch':
        this.#watchdogs[message.runs].start();
        return;
      case 'refused':
        reject(new EmbeddedMachineError(message.text, message.origin));
        return;
      case 'output':
        this.#emit(message);
        return;
      case 'wire':
        this.stream.receive(message.bytes);
        return;
      case 'debugger forgotten':
        this.#forgetting.shift()?.();
        return;
      case 'exited':
        // The driver outlives the program that it was started for.
        if (this.#door === 'device') this.#emit(message);
        else this.#finish(message);
        return;
      case 'failed':
        this.#finish({ kind: 'failed', reason: `The embedded machine cannot go on: ${message.text}.` });
        return;
    }
  }

  #finish(event: ConsoleEvent): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const forgotten of this.#forgetting.splice(0)) forgotten();
    this.#emit(event);
    this.#quit();
    this.stream.end(
      event.kind === 'exited' ? `the program ended with code ${event.code}` : 'the machine has ended',
    );
    this.#inbox.close();
  }

  #emit(event: ConsoleEvent): void {
    if (this.#listener === undefined) this.#kept.push(event);
    else this.#listener(event);
  }

  debuggerLeft(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    const message: OwnerMessage = { kind: 'debugger left' };
    this.#port.postMessage(message);
    this.#signal();
    return new Promise((resolve) => this.#forgetting.push(resolve));
  }

  type(text: string | Uint8Array): void {
    this.#typed(typeof text === 'string' ? Buffer.from(text, 'utf8') : text);
  }

  endInput(): void {
    this.#typed(undefined);
  }

  #typed(bytes: Uint8Array | undefined): void {
    if (this.#isOver) return;
    const message: OwnerMessage = { kind: 'typed', bytes };
    this.#port.postMessage(message);
    this.#signal();
  }

  onConsole(listener: (event: ConsoleEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#kept.splice(0)) listener(event);
  }

  /** Tells the worker that something has come, and stops its CPU until it looks. */
  #signal(): void {
    const wanted = Atomics.add(this.#words, WORD.signal, 1) + 1;
    Atomics.notify(this.#words, WORD.signal);
    this.#kick(wanted);
  }

  #stopEngine(handle: bigint | undefined): void {
    if (this.#engine !== undefined && handle !== undefined)
      this.native.requestEngineStop(this.#engine.library, handle);
  }

  /** A stop can fall between the worker's last look and the start of its CPU and be lost, so it is repeated. */
  #kick(wanted: number): void {
    if (this.#isOver || this.#engine === undefined || Atomics.load(this.#words, WORD.running) === 0) return;
    this.native.requestEngineStop(this.#engine.library, this.#engine.handle);
    setTimeout(() => {
      if (Atomics.load(this.#words, WORD.seen) - wanted < 0) this.#kick(wanted);
    }, KICK_INTERVAL_MS).unref();
  }

  #quit(): void {
    Atomics.store(this.#words, WORD.quit, 1);
    Atomics.notify(this.#words, WORD.quit);
    Atomics.add(this.#words, WORD.signal, 1);
    Atomics.notify(this.#words, WORD.signal);
    this.#inbox.wakeWorker();
  }

  async dispose(): Promise<void> {
    this.stream.end('the machine was closed');
    this.#quit();
    const again = setInterval(() => {
      if (this.#engine === undefined || Atomics.load(this.#words, WORD.running) === 0) return;
      this.native.requestEngineStop(this.#engine.library, this.#engine.handle);
    }, KICK_INTERVAL_MS);
    await this.#ended;
    clearInterval(again);
    this.#watchdogs.code.close();
    this.#watchdogs.slice.close();
    this.#isOver = true;
    for (const forgotten of this.#forgetting.splice(0)) forgotten();
    this.#inbox.close();
  }
}

class WorkerStream implements ByteStream {
  readonly description: string;
  readonly #port: MessagePort;
  readonly #sent: () => void;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  /** What came before there was a listener. */
  #early: Uint8Array[] = [];
  #closed: string | undefined;
  #onClosed: ((reason: string) => void) | undefined;

  constructor(port: MessagePort, program: string, sent: () => void) {
    this.#port = port;
    this.#sent = sent;
    this.description = `the embedded machine running ${path.basename(program)}`;
  }

  send(bytes: Uint8Array): void {
    if (this.#closed !== undefined) return;
    this.#port.postMessage(bytes);
    this.#sent();
  }

  receive(bytes: Uint8Array): void {
    if (this.#listener === undefined) this.#early.push(bytes);
    else this.#listener(bytes);
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
    // Not from inside this call: who listens is often being made just now.
    queueMicrotask(() => {
      for (const bytes of this.#early.splice(0)) listener(bytes);
    });
  }

  onClosed(listener: (reason: string) => void): void {
    this.#onClosed = listener;
    if (this.#closed !== undefined) listener(this.#closed);
  }

  close(): void {
    this.end('the connection was closed');
  }

  end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#onClosed?.(reason);
  }
}
