import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver';
import type { Command } from '../../script-engine/command-file/command-file';
import { eventByCommand } from '../../script-engine/catalog/events';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';

const MAX_DETAIL_LENGTH = 60;

/** One symbol for each command of the file; events are numbered as they will be armed. */
export function findDocumentSymbols(document: ScriptDocument): DocumentSymbol[] {
  let eventNumber = 0;
  return document.checked.file.commands.map((command) => {
    const isEvent = eventByCommand(command.name) !== undefined;
    if (isEvent) eventNumber++;
    return {
      name: isEvent ? `${command.name} (event ${eventNumber})` : command.name,
      detail: detailOf(command, document.source),
      kind: isEvent ? SymbolKind.Event : SymbolKind.Function,
      range: rangeOf(document, command.span),
      selectionRange: rangeOf(document, command.nameSpan),
    };
  });
}

/** The command's first line without its name. */
function detailOf(command: Command, source: string): string {
  const text = source.slice(command.nameSpan.end, command.span.end);
  const line = (text.split('\n', 1)[0] ?? '').replace(/\{\s*$/, '').trim();
  return line.length > MAX_DETAIL_LENGTH ? `${line.slice(0, MAX_DETAIL_LENGTH - 1)}…` : line;
}
