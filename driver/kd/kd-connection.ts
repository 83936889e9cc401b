/** Frames to and from a debuggee: one request at a time, each with a time limit (driver-protocol 8.1, 8.4). */

import type { ByteStream } from '../byte-stream';
import { DriverError } from '../driver-error';
import { encodeFrame, FrameReader, type KdFrame } from './frame';
import { PACKET_TYPE, type Packet } from './packet';
import { packetByAction } from './packets';

export interface ConnectionListener {
  /** A frame that no request was waiting for. */
  unsolicited(frame: KdFrame): void;
  /** Something that could not be used; `text` is a sentence. */
  lost(text: string): void;
  /** The stream has ended; told once, after every waiting request was rejected. */
  closed(reason: string): void;
}

export interface Question<A> {
  /** What is asked, as the start of a sentence. */
  readonly operation: string;
  readonly answer: Packet<A>;
  /**
   * Whether a decoded answer is the one to this request. Answers carry no number, so the late answer to a request that was
   * given up would else pass for the next one's (8.1, TRAP).
   */
  isMine?(value: A): boolean;
  readonly timeoutMs: number;
}

interface Waiting {
  readonly action: number;
  readonly operation: string;
  /** False when the frame is not its answer after all. */
  take(frame: KdFrame): boolean;
  reject(error: Error): void;
}

export class KdConnection {
  readonly #stream: ByteStream;
  readonly #listener: ConnectionListener;
  readonly #reader = new FrameReader();
  #waiting: Waiting | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closedReason: string | undefined;

  constructor(stream: ByteStream, listener: ConnectionListener) {
    this.#stream = stream;
    this.#listener = listener;
    stream.onBytes((bytes) => this.#receive(bytes));
    stream.onClosed((reason) => this.#end(reason));
  }

  /** Why no request can succeed any more; undefined while the connection stands. */
  get closedReason(): string | undefined {
    return this.#closedReason;
  }

  /** Runs `task` when all tasks before it have ended, so that requests never overlap. */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Sends a frame that has no answer. Throws when the connection is gone. */
  send<V>(operation: string, packet: Packet<V>, value: V): void {
    if (this.#closedReason !== undefined) throw new DriverError(operation, undefined, this.#closedReason);
    this.#stream.send(
      encodeFrame({ type: packet.type, action: packet.action, payload: packet.encode(value) }),
    );
  }

  /** Sends a request and resolves with its answer. To be called from within `inTurn`. */
  ask<V, A>(packet: Packet<V>, value: V, question: Question<A>): Promise<A> {
    const { operation, answer, timeoutMs } = question;
    return new Promise<A>((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting = undefined;
      };
      const fail = (error: Error) => {
        done();
        reject(error);
      };
      const timer = setTimeout(
        () =>
          fail(
            new DriverError(operation, undefined, `the target did not answer within ${timeoutMs / 1000} s`),
          ),
        timeoutMs,
      );
      this.#waiting = {
        action: answer.action,
        operation,
        reject: fail,
        take: (frame) => {
          const decoded = answer.decode(frame.payload);
          if (question.isMine?.(decoded) === false) return false;
          done();
          resolve(decoded);
          return true;
        },
      };
      try {
        this.send(operation, packet, value);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Ends the connection: whatever waits is rejected with `reason`. */
  close(reason: string): void {
    if (this.#closedReason !== undefined) return;
    this.#giveUp(reason);
    this.#stream.close();
  }

  #end(reason: string): void {
    if (this.#closedReason !== undefined) return;
    this.#giveUp(reason);
    this.#listener.closed(reason);
  }

  #giveUp(reason: string): void {
    this.#closedReason = reason;
    const waiting = this.#waiting;
    waiting?.reject(new DriverError(waiting.operation, undefined, reason));
  }

  #receive(bytes: Uint8Array): void {
    for (const item of this.#reader.push(bytes)) {
      if (this.#closedReason !== undefined) return;
      if (item.kind === 'frame') this.#take(item.frame);
      else
        this.#listener.lost(
          `A frame of ${item.sizeBytes} bytes from the target was dropped: ${item.problem}.`,
        );
    }
  }

  #take(frame: KdFrame): void {
    const name = packetByAction(frame.action)?.name ?? `with action ${frame.action}`;
    if (frame.type !== PACKET_TYPE.toDebugger) {
      this.#listener.lost(`A frame ${name} is not one for a debugger and was dropped.`);
      return;
    }
    try {
      if (this.#waiting?.action === frame.action && this.#waiting.take(frame)) return;
      this.#listener.unsolicited(frame);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#listener.lost(`A frame ${name} from the target was dropped: ${error.message}.`);
    }
  }
}
