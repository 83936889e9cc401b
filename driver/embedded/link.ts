/**
 * What the worker of the embedded machine and its owner share: a port for messages, a ring for bytes, and a few words of
 * memory by which the owner wakes or stops a worker that never returns to its event loop.
 */

import type { MessagePort } from 'node:worker_threads';
import type { EmbeddedMachineOptions } from './embedded-machine';

/** Indexes of the shared words. */
export const WORD = {
  /** Grows with every message of the owner; the worker waits on it. */
  signal: 0,
  /** 1 while the CPU runs, so that a stop request can reach it. */
  running: 1,
  /** 1 when the worker has to end. */
  quit: 2,
  /** 1 while the owner looks at the ring by itself; at 0 the worker calls it. */
  awake: 3,
  /** The value of `signal` that the worker has acted on. */
  seen: 4,
  /** The run of custom code; see `run-watch`. */
  code: 5,
  /** The run of the guest when it has a time limit; the same. */
  slice: 6,
} as const;
export const WORD_COUNT = 7;

/** Kinds of records in the ring. */
export const RECORD = {
  wire: 0,
  stdout: 1,
  stderr: 2,
  /** Takes the place of a letter, which comes by the port. */
  letter: 3,
} as const;

/** How a debugger reaches the machine: kernel-debugger frames, or the requests of a device. */
export type Door = 'kd' | 'device';

export interface WorkerData {
  readonly options: EmbeddedMachineOptions;
  readonly door: Door;
  readonly words: Int32Array;
  /** To the worker: OwnerMessage. From it: WorkerMail. */
  readonly port: MessagePort;
  /** From the worker; see `shared-ring`. A guest that prints without end waits while it is full. */
  readonly ring: SharedArrayBuffer;
}

/** Bytes of the debugger, the news that its connection is gone, or input for the guest, which undefined ends. */
export type OwnerMessage =
  | Uint8Array
  | { readonly kind: 'debugger left' }
  | { readonly kind: 'typed'; readonly bytes: Uint8Array | undefined };

/** Bytes of the worker, most of which come through the ring. */
export type BytesMessage =
  /** Bytes of the debugger's wire. */
  | { readonly kind: 'wire'; readonly bytes: Uint8Array }
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array };

/** What the worker tells by the port. A wire piece is one when it is too long for the ring. */
export type Letter =
  | {
      readonly kind: 'ready';
      readonly engine: bigint;
      /** The one that runs custom code. */
      readonly codeEngine: bigint;
      readonly libraryFile: string;
    }
  /** Runs that must be watched from now on: custom code, or slices of the guest. */
  | { readonly kind: 'watch'; readonly runs: 'code' | 'slice' }
  | { readonly kind: 'refused'; readonly origin: 'program' | 'machine'; readonly text: string }
  | { readonly kind: 'wire'; readonly bytes: Uint8Array }
  /** The answer to `debugger left`: nothing of its session is on the way any more. */
  | { readonly kind: 'debugger forgotten' }
  | { readonly kind: 'exited'; readonly code: number; readonly signal: string | undefined }
  | { readonly kind: 'failed'; readonly text: string };

/** `look`: the ring holds something. */
export type WorkerMail = Letter | { readonly kind: 'look' };

/** Everything that the worker tells goes one way, so that the order in which things happened is the order of arrival. */
export type WorkerMessage = BytesMessage | Letter;
