import type { GuestProcess } from '../process';

/** The six arguments as signed numbers; addresses and sizes of user space are exact. */
export type CallArguments = readonly [number, number, number, number, number, number];

/** Does the call and returns what goes to RAX. A GuestError that it throws becomes its negative number. */
export type CallHandler = (process: GuestProcess, a: CallArguments) => number | bigint;

/** Number → name and handler. */
export type CallTable = Readonly<Record<number, readonly [name: string, run: CallHandler]>>;
