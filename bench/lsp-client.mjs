// A client of a language server over stdio, for benches and fuzzing: sends, waits and takes the time.
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import protocol from 'vscode-languageserver/node';

const { createProtocolConnection, StreamMessageReader, StreamMessageWriter } = protocol;

/**
 * Starts a server and initializes it.
 * @param {readonly string[]} args program and arguments for Node
 * @param {{capabilities?: object, folders?: readonly string[], languageId?: string}} options
 */
export async function startServer(args, { capabilities = {}, folders, languageId = 'hyperdbg-script' } = {}) {
  const start = performance.now();
  const server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const connection = createProtocolConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  const waiting = new Map();
  const published = [];
  const exited = new Promise((resolve) => server.once('exit', resolve));
  connection.onNotification('textDocument/publishDiagnostics', (params) => {
    published.push(params);
    const key = `${params.uri} ${params.version}`;
    waiting.get(key)?.(params.diagnostics);
    waiting.delete(key);
  });
  // A server may want what this client has not; it gets nothing.
  connection.onRequest(() => null);
  connection.listen();
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: folders?.[0] ?? null,
    workspaceFolders: folders?.map((uri) => ({ uri, name: uri })) ?? null,
    capabilities,
  });
  await connection.sendNotification('initialized', {});
  const startMs = performance.now() - start;
  const diagnosticsOf = (uri, version) => new Promise((resolve) => waiting.set(`${uri} ${version}`, resolve));
  return {
    connection,
    startMs,
    published,
    exited,
    request: (method, params) => connection.sendRequest(method, params),
    async open(uri, text) {
      const told = diagnosticsOf(uri, 1);
      await connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri, languageId, version: 1, text },
      });
      return told;
    },
    /** Without waiting for what the server says about it. */
    openQuietly: (uri, text) =>
      connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri, languageId, version: 1, text },
      }),
    async change(uri, version, contentChanges) {
      const told = diagnosticsOf(uri, version);
      await connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges,
      });
      return told;
    },
    changeQuietly: (uri, version, contentChanges) =>
      connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges,
      }),
    /** Resident memory in MiB; undefined where the system does not tell it. */
    memoryMiB() {
      if (process.platform !== 'linux') return undefined;
      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
      return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) / 1024;
    },
    async stop() {
      await connection.sendRequest('shutdown');
      await connection.sendNotification('exit');
      const code = await exited;
      connection.dispose();
      return code;
    },
  };
}
