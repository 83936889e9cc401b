/** Listening at an address for debuggers' connections, with reasons in words when that cannot be. */

import fs from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import {
  connectionAddressText,
  isLocalAddress,
  type SocketAddress,
} from '../../kd/streams/connection-address';

/** The address cannot be served; the message is a sentence and says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface Listening {
  /** With the port that was taken, where any was asked for. */
  readonly address: SocketAddress;
  close(): Promise<void>;
}

/** Only its owner may use the pipe. */
const OWNER_ONLY = 0o600;

/** Rejects with ListenError. `mayBeRemote` lets programs of other computers in, which can do anything to the target. */
export async function listenAt(
  address: SocketAddress,
  mayBeRemote: boolean,
  onSocket: (socket: Socket) => void,
): Promise<Listening> {
  if (!mayBeRemote && !isLocalAddress(address))
    throw new ListenError(
      `${connectionAddressText(address)} can be reached from other computers, and the wire knows no password. Listen at 127.0.0.1, or add --allow-remote if that is meant.`,
    );
  if (address.kind === 'pipe') await makeRoomForPipe(address.path);
  const server = createServer(onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new ListenError(refusal(address, error))));
    if (address.kind === 'tcp') server.listen(address.port, address.host, resolve);
    else server.listen(address.path, resolve);
  });
  server.on('error', () => undefined);
  if (address.kind === 'pipe' && process.platform !== 'win32') fs.chmodSync(address.path, OWNER_ONLY);
  return { address: actualAddress(server, address), close: () => closed(server) };
}

function actualAddress(server: Server, wanted: SocketAddress): SocketAddress {
  const actual = server.address();
  return wanted.kind === 'tcp' && typeof actual === 'object' && actual !== null
    ? { ...wanted, port: actual.port }
    : wanted;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}

/** A program that was killed leaves its socket file behind, and nobody can listen there any more. */
async function makeRoomForPipe(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  // The system's refusal would be the one for missing rights.
  if (!fs.existsSync(dirname(path)))
    throw new ListenError(`The folder of pipe:${path} does not exist; make it first, or give another path.`);
  const status = fs.lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isSocket())
    throw new ListenError(`"${path}" is a file and no pipe; give another path, or remove the file.`);
  if (await isServed(path)) return;
  fs.rmSync(path, { force: true });
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function refusal(address: SocketAddress, error: NodeJS.ErrnoException): string {
  const where = connectionAddressText(address);
  if (address.kind === 'pipe') {
    if (error.code === 'EADDRINUSE') return `Another program serves ${where}; end it, or give another path.`;
    if (error.code === 'EACCES' || error.code === 'EPERM')
      return `You may not make the pipe ${where}; give a path in a folder of your own.`;
    return `The pipe ${where} cannot be made: ${error.message}. Give another path (at most 100 characters).`;
  }
  switch (error.code) {
    case 'EADDRINUSE':
      return `The port of ${where} is in use; give another one (0 takes a free one), or end the program that holds it.`;
    case 'EACCES':
      return `The port of ${where} is reserved on this computer; give one above 1023.`;
    case 'EADDRNOTAVAIL':
      return `The host of ${where} is none of this computer; listen at 127.0.0.1.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host of ${where} is not known; listen at 127.0.0.1.`;
    default:
      return `Nothing can listen at ${where}: ${error.message}.`;
  }
}
