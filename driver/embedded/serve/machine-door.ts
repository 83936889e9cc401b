/**
 * The embedded machine's one place for a debugger, and who has it: one at a time, and a new one once the last is forgotten.
 * It knows nothing of how debuggers come.
 */

import { encodeFrame } from '../../kd/frame';
import { exitText } from '../../kd/log-message';
import { ANSWER } from '../../kd/packets';
import { textToBytes } from '../../kd/text-bytes';
import { OPERATION } from '../../sdk/tables.generated';
import type { ByteStream } from '../../byte-stream';
import type { ConsoleEvent, EmbeddedMachine } from '../embedded-machine';

export interface DoorListener {
  entered(): void;
  left(reason: string): void;
}

function logFrame(operation: number, text: string): Uint8Array {
  const { type, action } = ANSWER.log;
  const payload = ANSWER.log.encode({ operation, bytes: textToBytes(text) });
  return encodeFrame({ type, action, payload });
}

const BUSY = 'another debugger is connected to this target; end its session first';
const GREETING = encodeFrame({
  type: ANSWER.ping.type,
  action: ANSWER.ping.action,
  payload: new Uint8Array(0),
});

/** A new debugger often comes while the end of the last one is still on its way. */
const PATIENCE_MS = 500;

export class MachineDoor {
  readonly #machine: EmbeddedMachine;
  readonly #listener: DoorListener;
  /** Who gets the machine's frames. */
  #inside: ByteStream | undefined;
  /** The machine is forgetting the last debugger. */
  #isClearing = false;
  /** Who comes in next, when it is not too long until then. */
  #waiting: { readonly stream: ByteStream; readonly timer: NodeJS.Timeout } | undefined;
  #isOver = false;

  constructor(machine: EmbeddedMachine, listener: DoorListener) {
    this.#machine = machine;
    this.#listener = listener;
    machine.stream.onBytes((bytes) => this.#inside?.send(bytes));
  }

  /** A debugger has come. It is let in, or told why not. */
  knock(debuggerStream: ByteStream): void {
    if (this.#isOver) debuggerStream.close();
    else if (this.#inside === undefined && !this.#isClearing) this.#enter(debuggerStream);
    else if (this.#waiting === undefined) this.#wait(debuggerStream);
    else refuse(debuggerStream);
  }

  #wait(stream: ByteStream): void {
    const timer = setTimeout(() => {
      // Clearing up does not take long, and then the place is free.
      if (this.#isClearing) return;
      this.#waiting = undefined;
      refuse(stream);
    }, PATIENCE_MS);
    this.#waiting = { stream, timer };
  }

  #enter(debuggerStream: ByteStream): void {
    this.#inside = debuggerStream;
    this.#listener.entered();
    debuggerStream.onBytes((bytes) => this.#machine.stream.send(bytes));
    debuggerStream.onClosed((reason) => void this.#leave(debuggerStream, reason));
    // A machine that has had a debugger greets no other one by itself.
    debuggerStream.send(GREETING);
  }

  async #leave(debuggerStream: ByteStream, reason: string): Promise<void> {
    if (this.#inside !== debuggerStream) return;
    this.#inside = undefined;
    this.#isClearing = true;
    this.#listener.left(reason);
    await this.#machine.debuggerLeft();
    this.#isClearing = false;
    const next = this.#waiting;
    this.#waiting = undefined;
    if (next === undefined) return;
    clearTimeout(next.timer);
    this.knock(next.stream);
  }

  /** The machine has ended: the debugger is told how, and sent away. */
  close(end: Exclude<ConsoleEvent, { kind: 'output' }> | undefined): void {
    this.#isOver = true;
    const stream = this.#inside;
    this.#inside = undefined;
    if (end?.kind === 'exited')
      stream?.send(logFrame(OPERATION.OPERATION_LOG_INFO_MESSAGE, exitText(end.code)));
    if (end?.kind === 'failed')
      stream?.send(logFrame(OPERATION.OPERATION_LOG_ERROR_MESSAGE, `${end.reason}\n`));
    stream?.close();
    clearTimeout(this.#waiting?.timer);
    this.#waiting?.stream.close();
  }
}

function refuse(debuggerStream: ByteStream): void {
  debuggerStream.onBytes(() => undefined);
  debuggerStream.send(logFrame(OPERATION.OPERATION_LOG_ERROR_MESSAGE, BUSY));
  debuggerStream.close();
}
