/** Symbols of all scripts by a part of their name. */

import type { CancellationToken, SymbolInformation } from 'vscode-languageserver';
import type { Feature, ServerContext } from '../feature';
import { findDocumentSymbols, flatSymbols } from './document-symbols';

/** An editor shows a list; nobody reads more. */
const MOST_SYMBOLS = 1000;

/** Whether the letters of the query stand in the name, in their order. */
export function matches(name: string, query: string): boolean {
  let at = 0;
  const text = name.toLowerCase();
  for (const letter of query.toLowerCase()) {
    const found = text.indexOf(letter, at);
    if (found < 0) return false;
    at = found + 1;
  }
  return true;
}

async function findWorkspaceSymbols(
  { workspace }: ServerContext,
  query: string,
  token: CancellationToken,
): Promise<SymbolInformation[]> {
  const found: SymbolInformation[] = [];
  for await (const document of workspace.all(token)) {
    const symbols = flatSymbols(document.text.uri, findDocumentSymbols(document));
    found.push(...symbols.filter(({ name }) => matches(name, query)));
    if (found.length >= MOST_SYMBOLS) return found.slice(0, MOST_SYMBOLS);
  }
  return found;
}

export const workspaceSymbolsFeature: Feature = {
  capabilities: () => ({ workspaceSymbolProvider: true }),
  serve(context) {
    context.connection.onWorkspaceSymbol(({ query }, token) => findWorkspaceSymbols(context, query, token));
  },
};
