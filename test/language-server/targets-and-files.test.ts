import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type LspClient, startLspClient } from './lsp-client';

const ELEMENT = '!cpuid script {\n  int arr[2] = {1, 2};\n  arr[1] = 5;\n  print(arr[1]);\n}\n';

describe('checks for a real machine', () => {
  const codes = async (client: LspClient, uri: string, version: number): Promise<unknown[]> =>
    (await client.diagnosticsOf(uri, version)).map(({ code, severity }) => `${code} ${severity}`);

  it('compile as for the machine that the client names', async () => {
    const client = await startLspClient({}, { compileMode: 'safe' });
    client.open('file:///a.hds', ELEMENT);
    assert.deepEqual(await codes(client, 'file:///a.hds', 1), ['fault-avoided 3']);
    await client.stop();
  });

  it('follow the settings', async () => {
    const client = await startLspClient();
    client.open('file:///a.hds', ELEMENT);
    assert.deepEqual(await codes(client, 'file:///a.hds', 1), ['element-assignment 2']);
    const published = new Promise<unknown[]>((resolve) => {
      client.connection.onNotification('textDocument/publishDiagnostics', ({ diagnostics }) =>
        resolve(diagnostics.map(({ code }: { code: string }) => code)),
      );
    });
    await client.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { hyperdbg: { compileMode: 'safe' } },
    });
    assert.deepEqual(await published, ['fault-avoided']);
    await client.stop();
  });
});

describe('files that a script names', () => {
  let folder: string;
  let client: LspClient;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'hds-lsp-'));
    client = await startLspClient();
  });
  after(async () => {
    await client.stop();
    rmSync(folder, { recursive: true });
  });

  it('are read beside it, from the editor before the disk', async () => {
    writeFileSync(path.join(folder, 'one.ds'), '? {\n x = 1;\n x = oops;\n}');
    const uri = pathToFileURL(path.join(folder, 'main.hds')).href;
    const text = '? #include "one.ds"; \n';
    client.open(uri, text);
    const [wrong] = await client.diagnosticsOf(uri, 1);
    assert.match(String(wrong?.message), /^one\.ds, line 3: `oops`/);
    const included = pathToFileURL(path.join(folder, 'one.ds')).href;
    client.open(included, '? {\n x = 1;\n}');
    client.change(uri, 2, `${text}\n`);
    assert.deepEqual(await client.diagnosticsOf(uri, 2), []);
    client.change(uri, 3, '? #include "/dev/zero"; \n');
    const [missing] = await client.diagnosticsOf(uri, 3);
    assert.equal(missing?.code, 'include-not-found');
  });
});
