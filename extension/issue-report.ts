import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type ExtensionContext, type LogOutputChannel, version, window, workspace } from 'vscode';

const MAX_LOG_LINES = 200;

/** Opens a text with versions and the log, for the user to read and to send on; nothing leaves the computer by itself. */
export async function reportIssue(context: ExtensionContext, log: LogOutputChannel): Promise<void> {
  const manifest: unknown = JSON.parse(await readFile(path.join(context.extensionPath, 'package.json'), 'utf8'));
  const ownVersion = typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'version') : 'unknown';
  const content = [
    '# What happened, and what should have happened',
    '',
    '# What you did, step by step',
    '',
    '# Versions',
    `HyperDbg for VS Code ${String(ownVersion)}`,
    `VS Code ${version}, Node ${process.versions.node}`,
    `${process.platform} ${process.arch}, ${os.release()}`,
    '',
    `# Log (its last lines; log level "${log.logLevel}")`,
    ...(await logLines(context)),
    '',
  ].join('\n');
  const document = await workspace.openTextDocument({ content: withoutHome(content), language: 'markdown' });
  await window.showTextDocument(document);
}

async function logLines(context: ExtensionContext): Promise<string[]> {
  // The editor keeps the channel's text there under the channel's name.
  const file = path.join(context.logUri.fsPath, 'HyperDbg.log');
  const text = await readFile(file, 'utf8').catch(() => '(the log is empty)');
  return text.trimEnd().split('\n').slice(-MAX_LOG_LINES);
}

/** The name of the user is nobody's business. */
function withoutHome(text: string): string {
  const home = os.homedir();
  return home.length > 1 ? text.replaceAll(home, '~') : text;
}
