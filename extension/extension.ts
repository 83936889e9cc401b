/** The VS Code side: starts the language server and the debug adapter as processes and offers the commands. */

import { commands, debug, type ExtensionContext, window, workspace } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { activeScriptPath, registerDebugSupport } from './debug-session';
import { askForGuestProgram } from './guest-program';
import { DEBUG_TYPE, UNTRUSTED_REFUSAL } from './launch-configuration';
import { startLanguageClient } from './language-client';

let languageClient: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    ...registerDebugSupport(context),
    commands.registerCommand('hyperdbg.runScript', runActiveScript),
    commands.registerCommand('hyperdbg.pickProgram', () => pickProgram(context)),
    commands.registerCommand('hyperdbg.restartLanguageServer', () => languageClient?.restart()),
  );
  // A server that cannot start must not take debugging away with it.
  try {
    languageClient = await startLanguageClient(context);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void window.showErrorMessage(`The HyperDbg language server did not start: ${reason}`);
  }
}

export async function deactivate(): Promise<void> {
  await languageClient?.stop();
  languageClient = undefined;
}

async function runActiveScript(): Promise<void> {
  const script = activeScriptPath();
  if (script === undefined) {
    void window.showErrorMessage(
      'Open a saved .hds script first; the command runs the script in the active editor.',
    );
    return;
  }
  await debug.startDebugging(workspace.workspaceFolders?.[0], {
    type: DEBUG_TYPE,
    request: 'launch',
    name: 'HyperDbg: run this script',
    script,
  });
}

/** For `${command:hyperdbg.pickProgram}` in launch.json. */
async function pickProgram(context: ExtensionContext): Promise<string | undefined> {
  if (!workspace.isTrusted) {
    void window.showErrorMessage(UNTRUSTED_REFUSAL);
    return undefined;
  }
  return askForGuestProgram(context);
}
