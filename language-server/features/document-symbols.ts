import { type DocumentSymbol, type SymbolInformation, SymbolKind } from 'vscode-languageserver';
import { eventByCommand } from '../../script-engine/catalog/events';
import { movedCommand } from '../../script-engine/command-file/moved';
import type { Command } from '../../script-engine/command-file/command-file';
import type { Span } from '../../script-engine/syntax/span';
import { type Feature, inDocument } from '../feature';
import { DocumentNames, type DocumentUse, symbolOf } from '../names/document-names';
import type { NameKind } from '../names/name-use';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';

const MAX_DETAIL_LENGTH = 60;

const KINDS: Readonly<Partial<Record<NameKind, SymbolKind>>> = {
  local: SymbolKind.Variable,
  global: SymbolKind.Variable,
  function: SymbolKind.Function,
  struct: SymbolKind.Struct,
  type: SymbolKind.TypeParameter,
  member: SymbolKind.Field,
  output: SymbolKind.File,
};

/** One symbol for each command of the file, events numbered as they will be armed; in it what its scripts define. */
export function findDocumentSymbols(document: ScriptDocument): DocumentSymbol[] {
  const defined = definedIn(document);
  let eventNumber = 0;
  return document.checked.placedCommands.flatMap(({ text, start }, index) => {
    const command = text.command && movedCommand(text.command, start - text.readAt);
    if (command === undefined) return [];
    const isEvent = eventByCommand(command.name) !== undefined;
    if (isEvent) eventNumber++;
    const children = (defined.get(index) ?? []).map((use) => symbolOfName(document, use));
    return {
      name: isEvent ? `${command.name} (event ${eventNumber})` : command.name,
      detail: detailOf(command, document.source),
      kind: isEvent ? SymbolKind.Event : SymbolKind.Method,
      range: rangeOf(document, command.span),
      selectionRange: rangeOf(document, command.nameSpan),
      ...(children.length === 0 ? {} : { children: nested(children) }),
    };
  });
}

/** What each command defines: the first place of every name. */
function definedIn({ checked }: ScriptDocument): Map<number, DocumentUse[]> {
  const seen = new Set<string>();
  const found = new Map<number, DocumentUse[]>();
  for (const use of DocumentNames.of(checked).uses) {
    if (use.role === 'read' || KINDS[use.kind] === undefined) continue;
    // A struct that is only named leaves its members without one.
    if (use.kind === 'member' && use.role !== 'declaration') continue;
    const symbol = symbolOf(use);
    if (seen.has(symbol)) continue;
    seen.add(symbol);
    const list = found.get(use.command);
    if (list === undefined) found.set(use.command, [use]);
    else list.push(use);
  }
  return found;
}

function symbolOfName(document: ScriptDocument, use: DocumentUse): DocumentSymbol {
  return {
    name: use.name,
    ...(use.detail === undefined ? {} : { detail: use.detail }),
    kind: KINDS[use.kind] ?? SymbolKind.Variable,
    range: rangeOf(document, covering(use.extent ?? use.span, use.span)),
    selectionRange: rangeOf(document, use.span),
  };
}

/** A tree with mistakes can end before the name; an editor wants the name inside. */
function covering(one: Span, other: Span): Span {
  return { start: Math.min(one.start, other.start), end: Math.max(one.end, other.end) };
}

/** Symbols in the order of the text, those inside functions and structs below them. */
function nested(symbols: readonly DocumentSymbol[]): DocumentSymbol[] {
  const top: DocumentSymbol[] = [];
  const open: DocumentSymbol[] = [];
  const sorted = [...symbols].sort(
    (one, two) => compare(one.range.start, two.range.start) || compare(two.range.end, one.range.end),
  );
  for (const symbol of sorted) {
    while (open.length > 0 && compare(open.at(-1)?.range.end ?? symbol.range.end, symbol.range.end) < 0)
      open.pop();
    const parent = open.at(-1);
    if (parent === undefined) top.push(symbol);
    else parent.children = [...(parent.children ?? []), symbol];
    open.push(symbol);
  }
  return top;
}

function compare(one: DocumentSymbol['range']['start'], other: DocumentSymbol['range']['start']): number {
  return one.line - other.line || one.character - other.character;
}

/** The command's first line without its name. */
function detailOf(command: Command, source: string): string {
  const text = source.slice(command.nameSpan.end, command.span.end);
  const line = (text.split('\n', 1)[0] ?? '').replace(/\{\s*$/, '').trim();
  return line.length > MAX_DETAIL_LENGTH ? `${line.slice(0, MAX_DETAIL_LENGTH - 1)}…` : line;
}

/** The same as a list, each symbol with the name of the one that it is in. */
export function flatSymbols(
  uri: string,
  symbols: readonly DocumentSymbol[],
  containerName?: string,
): SymbolInformation[] {
  return symbols.flatMap((symbol) => [
    {
      name: symbol.name,
      kind: symbol.kind,
      location: { uri, range: symbol.selectionRange },
      ...(containerName === undefined ? {} : { containerName }),
    },
    ...flatSymbols(uri, symbol.children ?? [], symbol.name),
  ]);
}

export const documentSymbolsFeature: Feature = {
  capabilities: () => ({ documentSymbolProvider: true }),
  serve(context) {
    context.connection.onDocumentSymbol(({ textDocument }) =>
      inDocument(context, textDocument.uri, (document) => {
        const symbols = findDocumentSymbols(document);
        const hierarchical = context.client.textDocument?.documentSymbol?.hierarchicalDocumentSymbolSupport;
        return hierarchical === true ? symbols : flatSymbols(textDocument.uri, symbols);
      }),
    );
  },
};
