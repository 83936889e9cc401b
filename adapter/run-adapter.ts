/** The debug adapter: DAP on standard input and output, or on a TCP port of this computer. */

import { createServer, type Server, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { startSession } from './session/start-session';

const LOOPBACK = '127.0.0.1';
const EXIT_WRONG_USE = 2;
const EXIT_MACHINE = 3;

export const ADAPTER_USAGE =
  'usage: adapter [--port N]\n' +
  'Speaks the Debug Adapter Protocol on standard input and output, or with --port on a TCP port of this computer (127.0.0.1).';

/** What the adapter needs of its process; tests bring their own. */
export interface AdapterStreams {
  readonly stdin: NodeJS.ReadableStream & { destroy(): unknown };
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** Runs the adapter until its client is gone. Resolves with the exit status. */
export async function runAdapter(
  argv: readonly string[],
  streams: AdapterStreams = process,
): Promise<number> {
  const options = readArguments(argv);
  if (typeof options === 'string') {
    streams.stderr.write(`${options}\n`);
    return EXIT_WRONG_USE;
  }
  if (options.help) {
    streams.stdout.write(`${ADAPTER_USAGE}\n`);
    return 0;
  }
  return options.port === undefined ? serveStandardStreams(streams) : servePort(options.port, streams);
}

function readArguments(argv: readonly string[]): { port: number | undefined; help: boolean } | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.port === undefined) return { port: undefined, help: values.help === true };
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65535) {
      return `"--port ${values.port}" is no port: give a number from 0 to 65535 (0 takes a free one).`;
    }
    return { port, help: values.help === true };
  } catch (error) {
    // parseArgs words its complaint about an option as a sentence for the user.
    if (error instanceof TypeError) return `${error.message}\n${ADAPTER_USAGE}`;
    throw error;
  }
}

function serveStandardStreams({ stdin, stdout }: AdapterStreams): Promise<number> {
  return new Promise((resolve) => {
    startSession(stdin, stdout, () => {
      // Closing standard input lets the process end once the last answer is written.
      stdin.destroy();
      stdout.write('', () => resolve(0));
    });
  });
}

function servePort(port: number, { stderr }: AdapterStreams): Promise<number> {
  return new Promise((resolve) => {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      // Small answers must not wait for each other's acknowledgement.
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
      startSession(socket, socket, () => socket.end());
    });
    server.on('error', (error: NodeJS.ErrnoException) => {
      stderr.write(`${portRefusal(port, error)}\n`);
      resolve(EXIT_MACHINE);
    });
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      const actual = typeof address === 'object' && address !== null ? address.port : port;
      stderr.write(`HyperDbg debug adapter listens on ${LOOPBACK}:${actual}\n`);
    });
    const end = (): void => {
      server.close(() => resolve(0));
      for (const socket of sockets) socket.destroy();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
}

function portRefusal(port: number, error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} on ${LOOPBACK} is in use; choose another with --port, or end the program that holds it.`;
  }
  if (error.code === 'EACCES') {
    return `Port ${port} on ${LOOPBACK} is reserved on this computer; choose one above 1023 with --port.`;
  }
  return `The adapter cannot listen on ${LOOPBACK}:${port}: ${error.message}`;
}
