/** Streams inside the machine: pipes, pairs of sockets, standard input. */

import { fail } from './errno';
import { streamFile, type OpenFile } from './open-file';
import type { FileStatus } from './file-system';

/** What `poll` asks for and answers (asm-generic/poll.h). */
export const POLL = {
  in: 1,
  priority: 2,
  out: 4,
  error: 8,
  hangUp: 0x10,
  invalid: 0x20,
  normalIn: 0x40,
  normalOut: 0x100,
  readHangUp: 0x2000,
} as const;
export const POLL_READ = POLL.in | POLL.normalIn;
export const POLL_WRITE = POLL.out | POLL.normalOut;

const CAPACITY_BYTES = 1 << 16;
/** Up to here a write goes as a whole or waits (PIPE_BUF). */
export const ATOMIC_BYTES = 4096;
const PIPE_STATUS: FileStatus = { kind: 'pipe', sizeBytes: 0, mode: 0o600, inode: 2, modifiedMs: 0 };
const NOTHING = new Uint8Array(0);

/** Bytes on the way from writers to readers. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  #held = 0;
  arrivals = 0;
  /** Nobody will read, or nobody will write any more. */
  hasReader = true;
  hasWriter = true;

  get heldBytes(): number {
    return this.#held;
  }
  get isFull(): boolean {
    return this.#held > CAPACITY_BYTES - ATOMIC_BYTES;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#chunks.push(bytes.slice());
    this.#held += bytes.length;
    this.arrivals++;
  }

  endOfInput(): void {
    this.hasWriter = false;
    this.arrivals++;
  }

  /** EAGAIN while there is nothing and there are writers. */
  read(sizeBytes: number): Uint8Array {
    if (sizeBytes === 0) return NOTHING;
    if (this.#held === 0) return this.hasWriter ? fail('EAGAIN') : NOTHING;
    const taken = new Uint8Array(Math.min(sizeBytes, this.#held));
    for (let done = 0; done < taken.length;) {
      const chunk = this.#chunks.shift() ?? NOTHING;
      const part = chunk.subarray(0, taken.length - done);
      if (part.length < chunk.length) this.#chunks.unshift(chunk.subarray(part.length));
      taken.set(part, done);
      done += part.length;
    }
    this.#held -= taken.length;
    return taken;
  }

  /** Takes what there is room for, small pieces as a whole. EAGAIN without room, EPIPE without readers. */
  write(bytes: Uint8Array): number {
    if (!this.hasReader) return fail('EPIPE');
    const room = CAPACITY_BYTES - this.#held;
    if (room === 0 || (bytes.length <= ATOMIC_BYTES && bytes.length > room)) return fail('EAGAIN');
    const taken = bytes.subarray(0, room);
    this.push(taken);
    return taken.length;
  }

  pollRead(): number {
    return (this.#held > 0 ? POLL_READ : 0) | (this.hasWriter ? 0 : POLL.hangUp);
  }
  pollWrite(): number {
    return (this.isFull ? 0 : POLL_WRITE) | (this.hasReader ? 0 : POLL.error);
  }
}

/** The end of a queue that is read from. */
export function queueReader(queue: ByteQueue, status = PIPE_STATUS): OpenFile {
  const read = (sizeBytes: number): Uint8Array => queue.read(sizeBytes);
  return {
    ...streamFile(read, () => fail('EBADF'), status),
    poll: () => queue.pollRead(),
    arrivals: () => queue.arrivals,
    available: () => queue.heldBytes,
    close: () => void (queue.hasReader = false),
  };
}

export function createPipe(): { readonly reader: OpenFile; readonly writer: OpenFile } {
  const queue = new ByteQueue();
  const writer = streamFile(
    () => fail('EBADF'),
    (bytes) => queue.write(bytes),
    PIPE_STATUS,
  );
  return {
    reader: queueReader(queue),
    writer: { ...writer, poll: () => queue.pollWrite(), close: () => queue.endOfInput() },
  };
}

const SOCKET_STATUS: FileStatus = { ...PIPE_STATUS, kind: 'socket', mode: 0o777 };

/** Two connected stream sockets: what one writes the other reads. */
export function createSocketPair(): readonly [OpenFile, OpenFile] {
  const forth = new ByteQueue();
  const back = new ByteQueue();
  return [socketEnd(forth, back), socketEnd(back, forth)];
}

function socketEnd(incoming: ByteQueue, outgoing: ByteQueue): OpenFile {
  const read = (sizeBytes: number): Uint8Array => incoming.read(sizeBytes);
  const write = (bytes: Uint8Array): number => outgoing.write(bytes);
  return {
    ...streamFile(read, write, SOCKET_STATUS),
    poll: () => {
      // An end that nobody writes to reads as the end of the file.
      const ended = incoming.hasWriter ? 0 : POLL_READ | POLL.hangUp | POLL.readHangUp;
      return incoming.pollRead() | (outgoing.isFull ? 0 : POLL_WRITE) | ended;
    },
    arrivals: () => incoming.arrivals,
    available: () => incoming.heldBytes,
    shutDown: (reading, writing) => {
      if (reading) {
        incoming.hasReader = false;
        incoming.endOfInput();
      }
      if (writing) outgoing.endOfInput();
    },
    close: () => {
      incoming.hasReader = false;
      outgoing.endOfInput();
    },
  };
}
