/**
 * The door of the driver on the same machine: a device with control requests and one request that waits for messages
 * (driver-protocol 2 to 4). An implementation passes bytes on and understands none of them.
 */

/** Windows error numbers as DeviceIoControl and CreateFile leave them; 0 is success. */
export const DEVICE_STATUS = {
  success: 0,
  invalidFunction: 1,
  accessDenied: 5,
  invalidHandle: 6,
  generalFailure: 31,
  invalidParameter: 87,
  operationAborted: 995,
  /** The device went away: its process or machine ended. */
  notConnected: 1167,
} as const;

export interface DeviceAnswer {
  readonly status: number;
  /** As many as the driver says it returned. Success with none also means "the module for this code is not up" (3.2). */
  readonly bytes: Uint8Array;
}

export interface DeviceIo {
  /** For messages to people: which device this is. */
  readonly description: string;
  /** Opens what a session needs (control and events are two handles on Windows). Resolves with a DEVICE_STATUS. */
  open(): Promise<number>;
  /** Sends a control request. `input` and a buffer of `outputSizeBytes` are what DeviceIoControl gets. */
  ioctl(code: number, input: Uint8Array, outputSizeBytes: number): Promise<DeviceAnswer>;
  /** Waits for one message (IOCTL_REGISTER_EVENT). 0 bytes is no message: another request waits already (4). */
  pend(): Promise<DeviceAnswer>;
  /** Completes the waiting request with `operationAborted`. The real driver cannot; there it completes at its next message. */
  cancel(): Promise<void>;
  /** Resolves when the waiting request has completed. Nothing can be sent afterwards. */
  close(): Promise<void>;
}

/** The smallest buffer for messages that the driver accepts: operation code, a whole slot, NUL (4). */
export const MESSAGE_BUFFER_BYTES = 4 + 4096 + 1;
