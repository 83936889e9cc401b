/** What goes into the event core and what comes out. */

import type { SafeBuffer } from './event-host';

/** Something that happened in the guest and that events can be for. */
export type Occurrence =
  | {
      readonly kind: 'instruction';
      /** VMM_EVENT_TYPE_ENUM from 7 up. */
      readonly type: number;
      readonly stage: 'pre' | 'post';
      /** `$context` as table 5.6 says: call number, ECX, port, vector, address ... */
      readonly context: bigint;
      /** Of writes to control registers: the bits that would change. */
      readonly changedBits?: bigint;
    }
  | {
      /** A memory access, for `!monitor` events of all letters (types 0 to 6). */
      readonly kind: 'access';
      /** Physical address of the access, for ranges of physical memory. */
      readonly physical?: bigint;
      readonly access: 'r' | 'w' | 'x';
      readonly stage: 'pre' | 'post';
      /** Virtual address of the access; it is the context too. */
      readonly context: bigint;
    };

/** A condition, script or code of an event failed. The text has gone to the debugger as an error message. */
export interface RunError {
  readonly eventTag: bigint;
  readonly part: 'condition' | 'script' | 'code';
  /** The reason alone, half a sentence. */
  readonly reason: string;
  /** Slot of the script buffer; undefined for machine code. */
  readonly slot: number | undefined;
}

/** A custom code action that ran to its end. */
export interface CodeRun {
  readonly eventTag: bigint;
  readonly rax: bigint;
  readonly buffer: SafeBuffer | undefined;
}

export interface Delivery {
  /** Events that passed filters and condition, in the order they ran. */
  readonly hits: readonly bigint[];
  /** The result is IGNORE: the caller must not emulate what happened (5.6, "SC effect"). */
  readonly shortCircuited: boolean;
  /** Some event wants the post stage: deliver the same occurrence with stage `post` after the emulation. */
  readonly postNeeded: boolean;
  readonly errors: readonly RunError[];
  readonly codeRuns: readonly CodeRun[];
}

export interface ScriptRun {
  readonly ok: boolean;
  readonly error: { readonly text: string; readonly slot: number } | undefined;
  readonly result: bigint | undefined;
}
