/** The embedded machine as a debuggee for any client of the kernel-debugger wire (driver-protocol 8; cli.md, `hds serve`). */

import type { Socket } from 'node:net';
import type { SocketAddress } from '../../kd/streams/connection-address';
import { SocketStream } from '../../kd/streams/socket-stream';
import type { ConsoleEvent, EmbeddedMachine } from '../embedded-machine';
import { listenAt } from './listen';
import { MachineDoor } from './machine-door';

export interface ServeOptions {
  readonly address: SocketAddress;
  /** Lets other computers in. */
  readonly mayBeRemote: boolean;
  /** The session with the first client is the only one. */
  readonly endsWithClient: boolean;
  /** The guest's own console, which is no part of the wire. */
  readonly output: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  /** A client has come or gone; `text` is a sentence. */
  readonly tell: (text: string) => void;
}

export type ServeEnd =
  | Exclude<ConsoleEvent, { kind: 'output' }>
  /** The client has left, and with it the machine's purpose. */
  | { readonly kind: 'client left' };

export interface ServedMachine {
  /** Where clients find it. */
  readonly address: SocketAddress;
  readonly ended: Promise<ServeEnd>;
  /** Ends everything, the machine included. */
  close(): Promise<void>;
}

/** Takes the machine over; it is disposed of when listening fails. Rejects with ListenError. */
export async function serveMachine(machine: EmbeddedMachine, options: ServeOptions): Promise<ServedMachine> {
  let settle: (end: ServeEnd) => void = () => undefined;
  const ended = new Promise<ServeEnd>((resolve) => (settle = resolve));
  const door = new MachineDoor(machine, {
    entered: () => options.tell('a debugger has connected'),
    left: (reason) => {
      options.tell(
        `the debugger has left (${reason}); ${options.endsWithClient ? 'the guest ends' : 'the guest goes on'}`,
      );
      if (options.endsWithClient) settle({ kind: 'client left' });
    },
  });
  machine.onConsole((event) => {
    if (event.kind === 'output') {
      options.output(event.stream, event.bytes);
      return;
    }
    door.close(event);
    settle(event);
  });
  const accept = (socket: Socket) =>
    door.knock(new SocketStream(`${socket.remoteAddress ?? 'a program'}`, socket));
  try {
    const listening = await listenAt(options.address, options.mayBeRemote, accept);
    const close = async () => {
      door.close(undefined);
      await Promise.all([listening.close(), machine.dispose()]);
    };
    return { address: listening.address, ended, close };
  } catch (error) {
    await machine.dispose();
    throw error;
  }
}
