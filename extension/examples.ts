import { cp, stat } from 'node:fs/promises';
import path from 'node:path';
import { commands, type ExtensionContext, Uri, window } from 'vscode';

const FOLDER_NAME = 'hyperdbg-examples';
const WORKSPACE_FILE = 'hyperdbg.code-workspace';

/** Copies the examples to a folder of the user's choice and opens them: those in the extension are not for editing. */
export async function openExamples(context: ExtensionContext): Promise<void> {
  const chosen = await window.showOpenDialog({
    title: 'Where shall the examples go?',
    openLabel: 'Copy the Examples Here',
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
  });
  const parent = chosen?.[0]?.fsPath;
  if (parent === undefined) return;
  const folder = path.join(parent, FOLDER_NAME);
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  try {
    // What the user changed in an earlier copy stays.
    if (!isThere) await cp(path.join(context.extensionPath, 'examples'), folder, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void window.showErrorMessage(`The examples could not be copied to ${folder}: ${reason}`);
    return;
  }
  await commands.executeCommand('vscode.openFolder', Uri.file(path.join(folder, WORKSPACE_FILE)));
}
