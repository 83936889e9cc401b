/**
 * What the worker of the embedded machine and its owner share: a port for messages, and a few words of memory by which
 * the owner wakes or stops a worker that never returns to its event loop.
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
  /** Bytes of console output that the owner has not taken yet. */
  unread: 3,
  /** The value of `signal` that the worker has acted on. */
  seen: 4,
} as const;
export const WORD_COUNT = 5;

/** A guest that prints without end waits while so much of it is unread. */
export const MAX_UNREAD_BYTES = 4 << 20;

/** How a debugger reaches the machine: kernel-debugger frames, or the requests of a device. */
export type Door = 'kd' | 'device';

export interface WorkerData {
  readonly options: EmbeddedMachineOptions;
  readonly door: Door;
  readonly words: Int32Array;
  /** To the worker: OwnerMessage. From it: WorkerMessage. */
  readonly port: MessagePort;
}

/** Bytes of the debugger, the news that its connection is gone, or input for the guest, which undefined ends. */
export type OwnerMessage =
  | Uint8Array
  | { readonly kind: 'debugger left' }
  | { readonly kind: 'typed'; readonly bytes: Uint8Array | undefined };

/** Everything that the worker tells goes one way, so that the order in which things happened is the order of arrival. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly engine: bigint; readonly libraryFile: string }
  | { readonly kind: 'refused'; readonly origin: 'program' | 'machine'; readonly text: string }
  /** Bytes of the debugger's wire. */
  | { readonly kind: 'wire'; readonly bytes: Uint8Array }
  /** The answer to `debugger left`: nothing of its session is on the way any more. */
  | { readonly kind: 'debugger forgotten' }
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly kind: 'exited'; readonly code: number; readonly signal: string | undefined }
  | { readonly kind: 'failed'; readonly text: string };
