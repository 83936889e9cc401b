/** Above each event what can be done with it. The client runs the commands; it says which ones it has. */

import type { CodeLens } from 'vscode-languageserver';
import { eventByCommand } from '../../script-engine/catalog/events';
import type { Command } from '../../script-engine/command-file/command-file';
import { type Feature, inDocument } from '../feature';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';

/** Commands of the client, which take the URI of the document and the line of the event. */
const LENSES = [
  { title: 'Arm', command: 'hyperdbg.armEvent', isFor: () => true },
  { title: 'Verify', command: 'hyperdbg.verifyEvent', isFor: () => true },
  { title: 'Dry-run', command: 'hyperdbg.dryRunEvent', isFor: hasScript },
  { title: 'Run test', command: 'hyperdbg.runScriptTest', isFor: (_: Command, hasTest: boolean) => hasTest },
] as const;

function hasScript({ blocks }: Command): boolean {
  return blocks.some(({ kind }) => kind === 'script');
}

/** Lenses of all events; a script test is of the whole file, and its header begins with `//@` (script-tests). */
export function findCodeLenses(document: ScriptDocument): CodeLens[] {
  const hasTest = /^\s*\/\/@\s*(on|load|eval)\b/m.test(document.source);
  return document.checked.file.commands
    .filter(({ name }) => eventByCommand(name) !== undefined)
    .flatMap((command) => {
      const range = rangeOf(document, command.nameSpan);
      return LENSES.filter(({ isFor }) => isFor(command, hasTest)).map(({ title, command: name }) => ({
        range,
        command: { title, command: name, arguments: [document.text.uri, range.start.line] },
      }));
    });
}

export const codeLensFeature: Feature = {
  capabilities: () => ({ codeLensProvider: {} }),
  serve(context) {
    context.connection.onCodeLens(({ textDocument }) =>
      inDocument(context, textDocument.uri, findCodeLenses),
    );
  },
};
