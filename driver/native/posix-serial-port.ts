/** Sets a serial line of Linux up: raw, 8N1, no flow control (driver-protocol 8.1). Reading and writing are Node's own. */

import koffi from 'koffi';
import fs from 'node:fs';
import tty from 'node:tty';

/** The device cannot be had as a serial line; `code` is that of the system call where there is one. */
export class SerialPortError extends Error {
  override readonly name = 'SerialPortError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** struct termios2 of Linux, which takes any speed as a number. */
const TERMIOS2 = { sizeBytes: 44, iflag: 0, oflag: 4, cflag: 8, lflag: 12, cc: 17, ispeed: 36, ospeed: 40 };
const TCGETS2 = 0x802c542a;
const TCSETS2 = 0x402c542b;
const TIOCEXCL = 0x540c;
const SPEED_AND_FORM = 0o010017 | 0o060 | 0o100 | 0o400 | 0o20000000000;
const BOTHER = 0o010000;
const EIGHT_BITS = 0o060;
const RECEIVE = 0o200;
const IGNORE_MODEM = 0o4000;
const VTIME = 5;
const VMIN = 6;

type Ioctl = (descriptor: number, request: number, kind: string, argument: Uint8Array | null) => number;
let ioctl: Ioctl | undefined;

function loadIoctl(): Ioctl {
  ioctl ??= koffi.load('libc.so.6').func('int ioctl(int, unsigned long, ...)') as Ioctl;
  return ioctl;
}

/** Opens the device. Throws SerialPortError; nothing stays open then. */
export function openPosixSerialPort(device: string, baud: number): tty.ReadStream {
  const descriptor = openDevice(device);
  try {
    if (!tty.isatty(descriptor)) throw new SerialPortError('ENOTTY', `${device} is no serial line`);
    setUp(descriptor, device, baud);
    const stream = new tty.ReadStream(descriptor);
    // From here on nobody else opens it: two readers would each get half of the bytes.
    loadIoctl()(descriptor, TIOCEXCL, 'void *', null);
    return stream;
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
}

function openDevice(device: string): number {
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = fs.constants;
  try {
    return fs.openSync(device, O_RDWR | O_NOCTTY | O_NONBLOCK);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new SerialPortError(code, message);
  }
}

function setUp(descriptor: number, device: string, baud: number): void {
  const control = loadIoctl();
  const settings = new Uint8Array(TERMIOS2.sizeBytes);
  if (control(descriptor, TCGETS2, 'void *', settings) !== 0)
    throw new SerialPortError('ENOTTY', `${device} does not tell its settings`);
  const view = new DataView(settings.buffer);
  const form = view.getUint32(TERMIOS2.cflag, true) & ~SPEED_AND_FORM;
  view.setUint32(TERMIOS2.cflag, (form | BOTHER | EIGHT_BITS | RECEIVE | IGNORE_MODEM) >>> 0, true);
  for (const field of [TERMIOS2.iflag, TERMIOS2.oflag, TERMIOS2.lflag]) view.setUint32(field, 0, true);
  settings[TERMIOS2.cc + VMIN] = 1;
  settings[TERMIOS2.cc + VTIME] = 0;
  view.setUint32(TERMIOS2.ispeed, baud, true);
  view.setUint32(TERMIOS2.ospeed, baud, true);
  if (control(descriptor, TCSETS2, 'void *', settings) !== 0)
    throw new SerialPortError('EINVAL', `${device} does not take ${baud} baud`);
}
