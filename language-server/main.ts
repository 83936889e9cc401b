/** The language server as a program: over the editor's IPC, over stdin and stdout, or over a port of this computer. */

import net from 'node:net';
import { createConnection as createBareConnection } from 'vscode-languageserver';
import {
  createConnection,
  createProtocolConnection,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { serve } from './server';

const USAGE = 'usage: language-server [--stdio | --node-ipc | --port NUMBER]';

function main(args: readonly string[]): void {
  const portAt = args.findIndex((argument) => argument === '--port' || argument.startsWith('--port='));
  if (portAt < 0) {
    const overIpc = args.includes('--node-ipc');
    serve(
      overIpc
        ? createConnection(ProposedFeatures.all)
        : createConnection(ProposedFeatures.all, process.stdin, process.stdout),
    );
    return;
  }
  const portText = args[portAt] === '--port' ? args[portAt + 1] : args[portAt]?.slice('--port='.length);
  const port = Number(portText);
  if (!/^[0-9]+$/.test(portText ?? '') || port > 65535) {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  listen(port);
}

/** Serves every client that connects, each with documents of its own. Only this computer is let in. */
function listen(port: number): void {
  const server = net.createServer((socket) => {
    // A client that vanishes in the middle of a message is no reason to end the others.
    socket.on('error', () => socket.destroy());
    const watchDog = { shutdownReceived: false, initialize: () => {}, exit: () => socket.end() };
    serve(
      createBareConnection(
        (logger) =>
          createProtocolConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket), logger),
        watchDog,
        ProposedFeatures.all,
      ),
    );
  });
  server.on('error', (error) => {
    process.stderr.write(`The language server cannot listen on port ${port}: ${error.message}\n`);
    process.exit(3);
  });
  server.listen(port, '127.0.0.1', () => {
    const address = server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : port;
    process.stderr.write(`The language server listens on 127.0.0.1:${actual}.\n`);
  });
}

main(process.argv.slice(2));
