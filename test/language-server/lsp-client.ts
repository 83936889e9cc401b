import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import {
  type ClientCapabilities,
  createProtocolConnection,
  type Diagnostic,
  type InitializeResult,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
  type TextEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { projectFile } from '../project-root';

/** A real client of the bundled language server, over the stdio of a child process. */
export interface LspClient {
  readonly connection: ProtocolConnection;
  readonly initializeResult: InitializeResult;
  open(uri: string, text: string): void;
  /** Replaces the whole text. */
  change(uri: string, version: number, text: string): void;
  close(uri: string): void;
  /** The diagnostics of this version, pushed already or to come; the version that closing publishes is undefined. */
  diagnosticsOf(uri: string, version: number | undefined): Promise<Diagnostic[]>;
  request<T>(method: string, params: unknown): Promise<T>;
  at<T>(method: string, uri: string, position: Position): Promise<T>;
  /** Ends the server as an editor does and resolves with its exit status. */
  stop(): Promise<number>;
}

export async function startLspClient(
  capabilities: ClientCapabilities = {},
  initializationOptions?: unknown,
  folders?: readonly string[],
  /** Answers to requests of the server. */
  answers: Readonly<Record<string, (params: never) => unknown>> = {},
): Promise<LspClient> {
  const server = spawn(process.execPath, [projectFile('dist/language-server.js'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // A test that fails before it stops its server must not keep the tests from ending.
  server.unref();
  for (const pipe of [server.stdin, server.stdout]) if (pipe instanceof Socket) pipe.unref();
  const exited = once(server, 'exit');
  const connection = createProtocolConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  const published: PublishDiagnosticsParams[] = [];
  const waiting = new Set<() => void>();
  connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
    published.push(params);
    for (const wake of waiting) wake();
  });
  for (const [method, answer] of Object.entries(answers)) connection.onRequest(method, answer);
  connection.listen();
  const initializeResult = await connection.sendRequest<InitializeResult>('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities,
    initializationOptions,
    workspaceFolders: folders?.map((uri) => ({ uri, name: uri })) ?? null,
  });
  await connection.sendNotification('initialized', {});
  const notify = (method: string, params: unknown) => void connection.sendNotification(method, params);
  return {
    connection,
    initializeResult,
    open: (uri, text) =>
      notify('textDocument/didOpen', {
        textDocument: { uri, languageId: 'hyperdbg-script', version: 1, text },
      }),
    change: (uri, version, text) =>
      notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] }),
    close: (uri) => notify('textDocument/didClose', { textDocument: { uri } }),
    async diagnosticsOf(uri, version) {
      for (;;) {
        const found = published.findLast((params) => params.uri === uri && params.version === version);
        if (found) return found.diagnostics;
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    request: (method, params) => connection.sendRequest(method, params),
    at: (method, uri, position) => connection.sendRequest(method, { textDocument: { uri }, position }),
    async stop() {
      await connection.sendRequest('shutdown');
      notify('exit', undefined);
      const [code] = (await exited) as [number];
      connection.dispose();
      return code;
    },
  };
}

/** A text with `$0` where the cursor is, as text and position. */
export function withCursor(marked: string): { text: string; position: Position } {
  const offset = marked.indexOf('$0');
  const before = marked.slice(0, offset).split('\n');
  return {
    text: marked.slice(0, offset) + marked.slice(offset + 2),
    position: { line: before.length - 1, character: before.at(-1)!.length },
  };
}

/** The text after edits that do not overlap. */
export function withEdits(text: string, edits: readonly TextEdit[]): string {
  const document = TextDocument.create('file:///edited.hds', 'hyperdbg-script', 0, text);
  return TextDocument.applyEdits(document, [...edits]);
}
