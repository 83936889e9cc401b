/** Where a debuggee is to be found, as users write it: `tcp:HOST:PORT`, `pipe:PATH` or `serial:DEVICE[:BAUD]` (cli.md). */

import path from 'node:path';

/** What a program can listen at. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** A Unix socket, or a named pipe of Windows. */
  | { readonly kind: 'pipe'; readonly path: string };

export type ConnectionAddress =
  SocketAddress | { readonly kind: 'serial'; readonly device: string; readonly baud: number };

/** The text is no address; the message is a sentence and says how one looks. */
export class ConnectionAddressError extends Error {
  override readonly name = 'ConnectionAddressError';
}

const TCP_FORM = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]]+)):([0-9]+)$/i;
const WINDOWS_PIPE_FOLDER = '\\\\.\\pipe\\';
const EXAMPLES =
  'Write "tcp:HOST:PORT" (e.g. tcp:127.0.0.1:50000), "pipe:PATH" (e.g. pipe:/tmp/guest.sock) or "serial:DEVICE:BAUD" (e.g. serial:/dev/ttyS0:115200).';
/** The rates of HyperDbg's fixed list (driver-protocol 8.1). */
export const BAUD_RATES: readonly number[] = [
  110, 300, 600, 1200, 2400, 4800, 9600, 14400, 19200, 38400, 56000, 57600, 115200, 128000, 256000,
];
const DEFAULT_BAUD = 115200;

/** Throws ConnectionAddressError. */
export function parseConnectionAddress(text: string): ConnectionAddress {
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon)).toLowerCase();
  const rest = text.slice(colon + 1);
  if (kind === 'tcp') return tcpAddress(text, rest);
  if (kind === 'pipe') return pipeAddress(text, rest);
  if (kind === 'serial') return serialAddress(text, rest);
  throw new ConnectionAddressError(`"${text}" is no connection. ${EXAMPLES}`);
}

function serialAddress(text: string, rest: string): ConnectionAddress {
  const form = /^(.+?)(?::([0-9]+))?$/.exec(rest);
  const device = form?.[1];
  if (device === undefined)
    throw new ConnectionAddressError(
      `"${text}" is no connection: a device belongs behind "serial:", e.g. serial:/dev/ttyS0:115200 or serial:COM3.`,
    );
  const baud = form?.[2] === undefined ? DEFAULT_BAUD : Number(form[2]);
  if (!BAUD_RATES.includes(baud))
    throw new ConnectionAddressError(
      `"${text}" is no connection: a debuggee knows the rates ${BAUD_RATES.join(', ')} and not ${baud}.`,
    );
  return { kind: 'serial', device, baud };
}

function tcpAddress(text: string, rest: string): ConnectionAddress {
  const form = TCP_FORM.exec(rest);
  const host = form?.[1] ?? form?.[2];
  const port = Number(form?.[3]);
  if (host === undefined || port > 65535)
    throw new ConnectionAddressError(
      `"${text}" is no connection: a host and a port from 0 to 65535 belong behind "tcp:", e.g. tcp:127.0.0.1:50000.`,
    );
  return { kind: 'tcp', host, port };
}

function pipeAddress(text: string, rest: string): ConnectionAddress {
  if (rest === '')
    throw new ConnectionAddressError(
      `"${text}" is no connection: the path of a pipe belongs behind "pipe:", e.g. pipe:/tmp/guest.sock.`,
    );
  if (process.platform !== 'win32') return { kind: 'pipe', path: path.resolve(rest) };
  return { kind: 'pipe', path: rest.includes('\\') ? rest : `${WINDOWS_PIPE_FOLDER}${rest}` };
}

/** The text that `parseConnectionAddress` reads. */
export function connectionAddressText(address: ConnectionAddress): string {
  if (address.kind === 'pipe') return `pipe:${address.path}`;
  if (address.kind === 'serial') return `serial:${address.device}:${address.baud}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp:${host}:${address.port}`;
}

/** Whether only programs of this computer can reach it. */
export function isLocalAddress(address: SocketAddress): boolean {
  if (address.kind === 'pipe') return true;
  const { host } = address;
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}
