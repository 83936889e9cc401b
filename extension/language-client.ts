import path from 'node:path';
import type { ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { SCRIPT_LANGUAGE_ID } from './launch-configuration';

/** Starts the language server as a process of its own. It only reads texts, so it runs in untrusted workspaces too. */
export async function startLanguageClient(context: ExtensionContext): Promise<LanguageClient> {
  const module = path.join(context.extensionPath, 'dist', 'language-server.js');
  const client = new LanguageClient(
    'hyperdbg-script',
    'HyperDbg Script',
    {
      // Half of what it would take else is room for garbage (docs/performance.md).
      run: { module, transport: TransportKind.ipc, options: { execArgv: ['--max-semi-space-size=4'] } },
      debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--nolazy', '--inspect=0'] } },
    },
    { documentSelector: [{ language: SCRIPT_LANGUAGE_ID }] },
  );
  await client.start();
  return client;
}
