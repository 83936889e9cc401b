import { DriverError } from '../../driver/driver-error';
import { TargetError } from '../target/target';

/** A request that cannot be done; the message is one sentence for the user. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    message: string,
    /** Whether the client shall show it in a dialogue; `false` for what the user cannot act on. */
    readonly showUser = true,
  ) {
    super(message);
  }
}

/** The same answer whatever the request was (DAP: `notStopped`). */
export function notStopped(): RequestError {
  return new RequestError('The target is running; pause it first.', false);
}

export interface ErrorDetails {
  readonly id: number;
  readonly text: string;
  readonly showUser: boolean;
  /** Not the user's fault and not the target's: to be logged with its stack. */
  readonly isInternal: boolean;
}

const ID_INTERNAL = 1;
const ID_REQUEST = 2;
const ID_TARGET = 3;
/** SDK codes are 0xc00000xx; their low half keeps the id a small positive number. */
const ID_DRIVER = 0x10000;

/** The one way from an error to a DAP error (style: "Errors: three kinds"). */
export function errorDetails(error: unknown): ErrorDetails {
  if (error instanceof RequestError) {
    return { id: ID_REQUEST, text: error.message, showUser: error.showUser, isInternal: false };
  }
  if (error instanceof DriverError) {
    const id = ID_DRIVER + ((error.code ?? 0) & 0xffff);
    return { id, text: error.message, showUser: true, isInternal: false };
  }
  if (error instanceof TargetError) {
    return { id: ID_TARGET, text: error.message, showUser: true, isInternal: false };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { id: ID_INTERNAL, text: `Internal error: ${reason}`, showUser: true, isInternal: true };
}
