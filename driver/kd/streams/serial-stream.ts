/** A debuggee behind a serial line, 8N1 (driver-protocol 8.1). */

import type { ByteStream } from '../../byte-stream';
import { DriverError } from '../../driver-error';
import { connectionAddressText } from './connection-address';
import { SocketStream } from './socket-stream';

/** Start bit, eight bits, stop bit. */
const BITS_PER_BYTE = 10;

/** Rejects with DriverError. */
export async function openSerialStream(device: string, baud: number): Promise<ByteStream> {
  const description = connectionAddressText({ kind: 'serial', device, baud });
  const bytesPerSecond = baud / BITS_PER_BYTE;
  try {
    // Not before it is wanted: most sessions have no serial line, and this loads native code.
    if (process.platform === 'win32') {
      const { openWindowsSerialPort } = await import('../../native/windows-serial-port.js');
      return openWindowsSerialPort(device, baud, description);
    }
    if (process.platform !== 'linux')
      throw new DriverError(
        `Connecting to ${description}`,
        undefined,
        `serial lines work on Linux and Windows only; relay it to a TCP port and use "tcp:"`,
      );
    const { openPosixSerialPort } = await import('../../native/posix-serial-port.js');
    return new SocketStream(description, openPosixSerialPort(device, baud), bytesPerSecond);
  } catch (error) {
    if (error instanceof DriverError) throw error;
    throw new DriverError(`Connecting to ${description}`, undefined, reasonOf(device, error));
  }
}

function reasonOf(device: string, error: unknown): string {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return `there is no device ${device}; check its name, and that the adapter is plugged in`;
    case 'EACCES':
    case 'EPERM':
      return `this user may not open ${device}; add the user to its group ("ls -l ${device}" names it, mostly "dialout") and log in again`;
    case 'EBUSY':
      return `another program has ${device} open; end it first`;
    case 'ENOTTY':
      return `${message}; give the device of a serial port, e.g. /dev/ttyUSB0`;
    default:
      return message;
  }
}
