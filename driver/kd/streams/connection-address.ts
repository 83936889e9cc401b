/** Where a debuggee is to be found, as users write it: `tcp:HOST:PORT` or `pipe:PATH` (cli.md). */

import path from 'node:path';

export type ConnectionAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** A Unix socket, or a named pipe of Windows. */
  | { readonly kind: 'pipe'; readonly path: string };

/** The text is no address; the message is a sentence and says how one looks. */
export class ConnectionAddressError extends Error {
  override readonly name = 'ConnectionAddressError';
}

const TCP_FORM = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]]+)):([0-9]+)$/i;
const WINDOWS_PIPE_FOLDER = '\\\\.\\pipe\\';
const EXAMPLES =
  'Write "tcp:HOST:PORT" (e.g. tcp:127.0.0.1:50000) or "pipe:PATH" (e.g. pipe:/tmp/guest.sock).';

/** Throws ConnectionAddressError. */
export function parseConnectionAddress(text: string): ConnectionAddress {
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon)).toLowerCase();
  const rest = text.slice(colon + 1);
  if (kind === 'tcp') return tcpAddress(text, rest);
  if (kind === 'pipe') return pipeAddress(text, rest);
  throw new ConnectionAddressError(`"${text}" is no connection. ${EXAMPLES}`);
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
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp:${host}:${address.port}`;
}

/** Whether only programs of this computer can reach it. */
export function isLocalAddress(address: ConnectionAddress): boolean {
  if (address.kind === 'pipe') return true;
  const { host } = address;
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}
