/** What the lenses above an event do. The language server names the document and the line of the event. */

import {
  commands,
  debug,
  type Disposable,
  type DocumentSymbol,
  type ExtensionContext,
  Uri,
  window,
  workspace,
} from 'vscode';
import { askForGuestProgram } from './guest-program';
import { DEBUG_TYPE, UNTRUSTED_REFUSAL } from './launch-configuration';
import { dryRunText, type DryRunResult, verificationText, type VerificationResult } from './event-report';

export function registerEventCommands(context: ExtensionContext): Disposable[] {
  return [
    commands.registerCommand('hyperdbg.armEvent', armEvent),
    commands.registerCommand('hyperdbg.dryRunEvent', dryRunEvent),
    commands.registerCommand('hyperdbg.verifyEvent', (uri: string, line: number) =>
      verifyEvent(context, uri, line),
    ),
    commands.registerCommand('hyperdbg.runScriptTest', () =>
      commands.executeCommand('testing.runCurrentFile'),
    ),
  ];
}

/** In the session that runs; without one the whole script is run on the embedded machine, as F5 does. */
async function armEvent(uri: string, line: number): Promise<void> {
  const file = Uri.parse(uri);
  const session = debug.activeDebugSession?.type === DEBUG_TYPE ? debug.activeDebugSession : undefined;
  if (session === undefined) {
    await debug.startDebugging(workspace.getWorkspaceFolder(file), {
      type: DEBUG_TYPE,
      request: 'launch',
      name: 'HyperDbg: run this script',
      script: file.fsPath,
    });
    return;
  }
  const text = await eventText(file, line);
  if (text === undefined) {
    void window.showErrorMessage('There is no event in this line any more.');
    return;
  }
  try {
    const answer = (await session.customRequest('evaluate', { expression: text, context: 'repl' })) as {
      readonly result: string;
    };
    void window.showInformationMessage(answer.result);
  } catch (error) {
    void window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}

/** The whole command, whose block can span lines. */
async function eventText(uri: Uri, line: number): Promise<string | undefined> {
  const [document, symbols] = await Promise.all([
    workspace.openTextDocument(uri),
    commands.executeCommand<readonly DocumentSymbol[] | undefined>(
      'vscode.executeDocumentSymbolProvider',
      uri,
    ),
  ]);
  const event = symbols?.find(({ range }) => range.start.line <= line && line <= range.end.line);
  return event === undefined ? undefined : document.getText(event.range);
}

async function dryRunEvent(uri: string, line: number): Promise<void> {
  await show(async () =>
    dryRunText(await commands.executeCommand<DryRunResult>('hyperdbg.server.dryRun', uri, line)),
  );
}

/** Starts a machine with the guest, so it needs trust. */
async function verifyEvent(context: ExtensionContext, uri: string, line: number): Promise<void> {
  if (!workspace.isTrusted) {
    void window.showErrorMessage(UNTRUSTED_REFUSAL);
    return;
  }
  const program = await askForGuestProgram(context);
  if (program === undefined) return;
  await show(async () =>
    verificationText(
      await commands.executeCommand<VerificationResult>('hyperdbg.server.verify', uri, line, program),
    ),
  );
}

async function show(ask: () => Promise<{ readonly isGood: boolean; readonly text: string }>): Promise<void> {
  try {
    const { isGood, text } = await ask();
    void (isGood ? window.showInformationMessage(text) : window.showWarningMessage(text));
  } catch (error) {
    void window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}
