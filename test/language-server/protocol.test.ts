import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CancellationTokenSource, type Diagnostic, type SymbolInformation } from 'vscode-languageserver/node';
import { startLspClient } from './lsp-client';

describe('protocol of the language server', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hds-protocol-'));
    for (const name of ['one', 'two']) {
      mkdirSync(path.join(folder, name));
      writeFileSync(path.join(folder, name, `${name}.hds`), `? .from_${name} = 1;\n`);
    }
  });
  after(() => rmSync(folder, { recursive: true }));
  const uriOf = (name: string) => pathToFileURL(path.join(folder, name)).href;

  it('counts characters in UTF-16', async () => {
    const client = await startLspClient();
    client.open('file:///wide.hds', '? printf("😀é"); print(oops);\n');
    const [wrong] = await client.diagnosticsOf('file:///wide.hds', 1);
    assert.deepEqual(wrong!.range, { start: { line: 0, character: 23 }, end: { line: 0, character: 27 } });
    assert.equal(await client.stop(), 0);
  });

  it('follows folders that come and go', async () => {
    const client = await startLspClient({ workspace: { workspaceFolders: true } }, undefined, [uriOf('one')]);
    assert.deepEqual(client.initializeResult.capabilities.workspace, {
      workspaceFolders: { supported: true, changeNotifications: true },
    });
    const symbols = async () =>
      (await client.request<SymbolInformation[]>('workspace/symbol', { query: '.from_' })).map(
        ({ name }) => name,
      );
    assert.deepEqual(await symbols(), ['.from_one']);
    const folders = (name: string) => [{ uri: uriOf(name), name }];
    await client.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: folders('two'), removed: folders('one') },
    });
    assert.deepEqual(await symbols(), ['.from_two']);
    assert.equal(await client.stop(), 0);
  });

  it('reads again what has changed on disk, for a client that watches', async () => {
    const watched: string[] = [];
    const client = await startLspClient(
      { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } },
      undefined,
      undefined,
      {
        'client/registerCapability': ({ registrations }: { registrations: { method: string }[] }) => {
          watched.push(...registrations.map(({ method }) => method));
          return null;
        },
      },
    );
    writeFileSync(path.join(folder, 'part.ds'), '? {\n x = 1;\n print(x);\n}');
    const uri = uriOf('whole.hds');
    client.open(uri, '? #include "part.ds"; \n');
    assert.deepEqual(await client.diagnosticsOf(uri, 1), []);
    assert.deepEqual(watched, ['workspace/didChangeWatchedFiles']);
    writeFileSync(path.join(folder, 'part.ds'), '? {\n x = oops;\n}');
    const told = new Promise<Diagnostic[]>((resolve) => {
      client.connection.onNotification('textDocument/publishDiagnostics', ({ diagnostics }) =>
        resolve(diagnostics as Diagnostic[]),
      );
    });
    await client.connection.sendNotification('workspace/didChangeWatchedFiles', {
      changes: [{ uri: uriOf('part.ds'), type: 2 }],
    });
    assert.match(String((await told)[0]!.message), /^part\.ds, line 2: `oops`/);
    assert.equal(await client.stop(), 0);
  });

  it('stops what nobody waits for, and goes on', async () => {
    const client = await startLspClient({}, undefined, [uriOf('one')]);
    const source = new CancellationTokenSource();
    const asked = client.connection.sendRequest('workspace/symbol', { query: '' }, source.token);
    source.cancel();
    const ended = await asked.then(
      (symbols) => Array.isArray(symbols),
      (error: { code: number }) => error.code === -32800,
    );
    assert.ok(ended);
    assert.equal(
      (await client.request<SymbolInformation[]>('workspace/symbol', { query: 'from' })).length,
      1,
    );
    assert.equal(await client.stop(), 0);
  });
});
