/** What the handlers of requests work with. */

import type { StepKind, StopReason } from '../../debuggee';
import type { Packet } from '../../kd/packet';
import type { EventCore } from '../events/event-core';
import type { BreakpointList } from './breakpoint-list';
import type { Machine } from './machine';

export type Resume =
  | { readonly kind: 'continue' }
  | {
      readonly kind: 'step';
      readonly step: StepKind;
      /** For `over`: length of the call at RIP, whose next instruction ends the step; undefined when RIP is no call. */
      readonly callSizeBytes: number | undefined;
      /** The debugger follows every instruction; its stops have a reason of their own (8.3, reason 4). */
      readonly isTracking?: boolean;
    };

export interface ServerContext {
  readonly machine: Machine;
  readonly events: EventCore;
  readonly breakpoints: BreakpointList;
  send<V>(packet: Packet<V>, value: V): void;
  log(operation: number, text: string): void;
  stop(info: { readonly reason: StopReason }): void;
  sendModules(): void;
  resume(resume: Resume): void;
  /** The next continue runs one instruction only. */
  stepAfterContinue(): void;
  /** A switch happens when the machine runs again, and halts it at once (8.4). */
  switchAfterContinue(threadId: number, reason: 'process switched' | 'thread switched'): void;
  close(): void;
}

export type RequestHandler<V> = (context: ServerContext, value: V) => void;
/** Adds the handler of one kind of request. */
export type Install = <V>(packet: Packet<V>, handler: RequestHandler<V>) => void;
