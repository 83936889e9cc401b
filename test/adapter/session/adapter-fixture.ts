/** An adapter and a client in this process, over a real socket, on a target of the test. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { startSession } from '../../../adapter/session/start-session';
import { readElf } from '../../../adapter/symbols/elf-image';
import { SymbolTable } from '../../../adapter/symbols/symbol-table';
import type { OpenTarget } from '../../../adapter/target/launch-target';
import type { Target } from '../../../adapter/target/target';
import type { ConsoleEvent } from '../../../driver/embedded/embedded-machine';
import { elfBytes } from '../symbols/elf-bytes';
import { ScriptedDebuggee } from './scripted-debuggee';

export const GUEST_SYMBOLS = [
  { name: 'main', address: 0x401000n, size: 0x40n },
  { name: 'checksum', address: 0x401100n, size: 0x40n },
  { name: 'counter', address: 0x404000n, size: 8n, kind: 1 },
];

export interface ScriptedTarget extends Target {
  readonly debuggee: ScriptedDebuggee;
  console(event: ConsoleEvent): void;
  disposed: number;
}

/** A target over a scripted debuggee, with the symbols of GUEST_SYMBOLS in module `guest`. */
export function scriptedTarget(debuggee = new ScriptedDebuggee()): ScriptedTarget {
  const symbols = new SymbolTable();
  const reading = readElf(
    elfBytes({
      segments: [
        { address: 0x401000n, size: 0x1000n },
        { address: 0x404000n, size: 0x1000n, executable: false },
      ],
      symbols: GUEST_SYMBOLS,
    }),
  );
  if (reading.kind === 'image') symbols.addModule('/bin/guest', reading.image, 0x401000n);
  let listener: (event: ConsoleEvent) => void = () => undefined;
  return {
    debuggee,
    symbols,
    program: '/bin/guest',
    disposed: 0,
    loadsLibraries: false,
    refreshModules: async () => false,
    onConsole: (receiver) => (listener = receiver),
    console: (event) => listener(event),
    async dispose() {
      this.disposed++;
      await debuggee.close();
    },
  };
}

/** A client that keeps every message, for assertions about order. */
export class RecordingClient extends DebugClient {
  readonly messages: DebugProtocol.ProtocolMessage[] = [];

  constructor() {
    super('node', '', 'hyperdbg');
    this.defaultTimeout = 10_000;
    for (const type of ['output', 'stopped', 'terminated', 'exited', 'initialized', 'module', 'process']) {
      this.on(type, (event: DebugProtocol.Event) => this.messages.push(event));
    }
  }

  get outputs(): string {
    return this.messages
      .filter((message) => (message as DebugProtocol.Event).event === 'output')
      .map((message) => (message as DebugProtocol.OutputEvent).body.output)
      .join('');
  }

  receivedEvents(): string[] {
    return this.messages.map((message) => (message as DebugProtocol.Event).event);
  }

  /** Waits until an output event matches; those that came already count. */
  async outputMatching(pattern: RegExp): Promise<DebugProtocol.OutputEvent> {
    for (;;) {
      const found = this.messages.find(
        (message) =>
          (message as DebugProtocol.Event).event === 'output' &&
          pattern.test((message as DebugProtocol.OutputEvent).body.output),
      );
      if (found !== undefined) return found as DebugProtocol.OutputEvent;
      await once(this, 'output');
    }
  }
}

export interface AdapterFixture {
  readonly client: RecordingClient;
  /** The session is over and its target gone. */
  readonly ended: Promise<void>;
  /** Cuts the connection, as a client that dies does. */
  cut(): void;
}

/** Serves one client. */
export async function connectedAdapter(openTarget: OpenTarget): Promise<AdapterFixture> {
  let markEnded: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (markEnded = resolve));
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.setNoDelay(true);
    startSession(
      socket,
      socket,
      () => {
        socket.end();
        markEnded();
      },
      openTarget,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new RecordingClient();
  await client.start((server.address() as AddressInfo).port);
  return {
    client,
    ended,
    cut() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
