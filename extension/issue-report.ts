import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type ExtensionContext, version, window, workspace } from 'vscode';
import type { RecordedLog } from './recorded-log';

/** Opens a text with versions and the log, for the user to read and to send on; nothing leaves the computer by itself. */
export async function reportIssue(context: ExtensionContext, log: RecordedLog): Promise<void> {
  const manifest: unknown = JSON.parse(
    await readFile(path.join(context.extensionPath, 'package.json'), 'utf8'),
  );
  const isObject = typeof manifest === 'object' && manifest !== null;
  const ownVersion: unknown = isObject ? Reflect.get(manifest, 'version') : undefined;
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
    '# The last lines of the log',
    ...log.lines(),
    '',
  ].join('\n');
  const document = await workspace.openTextDocument({ content: withoutHome(content), language: 'markdown' });
  await window.showTextDocument(document);
}

/** The name of the user is nobody's business. */
function withoutHome(text: string): string {
  const home = os.homedir();
  return home.length > 1 ? text.replaceAll(home, '~') : text;
}
