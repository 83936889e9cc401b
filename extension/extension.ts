/** The VS Code side: starts the language server and the debug adapter as processes, and offers commands and views. */

import { commands, debug, type ExtensionContext, window, workspace } from 'vscode';
import { activeScriptPath, registerDebugSupport } from './debug-session';
import { registerEventCommands } from './event-commands';
import { openExamples } from './examples';
import { askForGuestProgram } from './guest-program';
import { reportIssue } from './issue-report';
import { LazyLanguageService } from './lazy-language-service';
import { DEBUG_TYPE, UNTRUSTED_REFUSAL } from './launch-configuration';
import { RecordedLog } from './recorded-log';
import { registerScriptTests } from './script-tests';
import { registerCompiledDocuments } from './views/compiled-document';
import { registerEventsView } from './views/events-view';
import { registerMemoryDocuments } from './views/memory-document';
import { registerMessagesView } from './views/messages-view';
import { registerRegistersView } from './views/registers-view';
import { Sessions } from './views/sessions';

let languageService: LazyLanguageService | undefined;

export function activate(context: ExtensionContext): void {
  const log = new RecordedLog();
  const sessions = new Sessions();
  const language = new LazyLanguageService(context, log);
  languageService = language;
  context.subscriptions.push(
    log,
    sessions,
    language,
    ...registerDebugSupport(context, log),
    ...registerEventsView(sessions),
    ...registerMessagesView(sessions),
    ...registerRegistersView(sessions),
    ...registerMemoryDocuments(sessions),
    ...registerCompiledDocuments(context),
    ...registerScriptTests(context),
    ...registerEventCommands(context),
    commands.registerCommand('hyperdbg.runScript', runActiveScript),
    commands.registerCommand('hyperdbg.pickProgram', () => pickProgram(context)),
    commands.registerCommand('hyperdbg.restartLanguageServer', () => language.restart()),
    commands.registerCommand('hyperdbg.openExamples', () => openExamples(context)),
    commands.registerCommand('hyperdbg.showLog', () => log.show()),
    commands.registerCommand('hyperdbg.reportIssue', () => reportIssue(context, log)),
  );
}

export async function deactivate(): Promise<void> {
  await languageService?.stop();
  languageService = undefined;
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
