import type { CompiledScript } from '../compiler/compiled-script';
import type { Span } from '../syntax/span';

/** An action as it is to be added; order in the list = order of adding: break, code, script (driver-protocol 5.3). */
export type PlannedAction =
  | { readonly kind: 'break'; readonly span: Span }
  | {
      readonly kind: 'code';
      readonly span: Span;
      readonly bytes: Uint8Array;
      readonly bufferSizeBytes: number;
    }
  | {
      readonly kind: 'script';
      /** The text between the braces, in the command file. */
      readonly span: Span;
      readonly script: CompiledScript;
      readonly bufferSizeBytes: number;
    };

/** An event command, ready to be armed: every name and expression is a number by now. */
export interface EventPlan {
  /** E.g. `!epthook`. */
  readonly command: string;
  readonly span: Span;
  /** VMM_EVENT_TYPE_ENUM. */
  readonly type: number;
  /** 0xffffffff for all. */
  readonly coreId: number;
  /** 0xffffffff for all. */
  readonly processId: number;
  /** 1 pre, 2 post, 3 all. */
  readonly stage: 1 | 2 | 3;
  readonly shortCircuit: boolean;
  /** OptionalParam1..4 of driver-protocol 5.6. */
  readonly options: readonly bigint[];
  /** x64 code of `condition { }`, `ret` included. */
  readonly condition: Uint8Array | undefined;
  readonly actions: readonly PlannedAction[];
  readonly immediate: boolean;
  /** Names of `output { }`. */
  readonly outputs: readonly string[];
}

/** What one command of a file comes to. */
export type CommandPlan =
  | { readonly kind: 'event'; readonly event: EventPlan }
  /** `? …`: run once, at load, in the halted target. */
  | {
      readonly kind: 'evaluate';
      readonly span: Span;
      readonly codeSpan: Span;
      readonly script: CompiledScript;
    }
  /** `events e|d|c ID|all`, the commands on events that a file can hold. */
  | {
      readonly kind: 'modify';
      readonly span: Span;
      readonly verb: 'enable' | 'disable' | 'clear';
      /** Event number (tag − 0x1000000) or all. */
      readonly event: bigint | 'all';
    }
  /** A known command that does not belong to arming; `reason` is a sentence for the user. */
  | { readonly kind: 'other'; readonly name: string; readonly span: Span; readonly reason: string };
