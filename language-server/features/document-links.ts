/** Files that a script names: `#include "x"`, `script {file:x}`, `.script x`. */

import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { DocumentLink } from 'vscode-languageserver';
import { commandByName } from '../../script-engine/catalog/commands';
import type { Span } from '../../script-engine/syntax/span';
import { TokenKind } from '../../script-engine/syntax/token-kind';
import { tokenSpan } from '../../script-engine/syntax/tree';
import { type Feature, inDocument } from '../feature';
import type { ScriptDocument } from '../open-documents';
import { rangeOf } from '../ranges';
import { placedScripts } from '../script-trees';

/** Links of a script that is a file; what it names lies beside it. */
export function findDocumentLinks(document: ScriptDocument): DocumentLink[] {
  const folder = folderOf(document.text.uri);
  if (folder === undefined) return [];
  const spans = [...includedFiles(document), ...namedFiles(document)];
  return spans.flatMap((span) => {
    const name = document.source.slice(span.start, span.end);
    if (name === '' || name.includes('\0') || name.includes('$arg')) return [];
    // A path of the debugger's machine, with its drive, is on no disk of ours.
    if (/^[a-z]:|^\\\\/i.test(name) && path.sep === '/') return [];
    const target = pathToFileURL(path.resolve(folder, name.replaceAll('\\', path.sep))).href;
    return { range: rangeOf(document, span), target, tooltip: `Open ${name}` };
  });
}

function folderOf(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return path.dirname(fileURLToPath(uri));
  } catch {
    // A URI of a client on another system.
    return undefined;
  }
}

function includedFiles(document: ScriptDocument): Span[] {
  return placedScripts(document).flatMap(({ tree: { tokens }, inFile }) => {
    const spans: Span[] = [];
    for (let token = 0; token + 1 < tokens.count; token++) {
      if (tokens.kinds[token] !== TokenKind.Include || tokens.kinds[token + 1] !== TokenKind.String) continue;
      const { start, end } = tokenSpan(tokens, token + 1);
      const span = inFile({ start: start + 1, end: end - 1 });
      if (span !== undefined) spans.push(span);
    }
    return spans;
  });
}

function namedFiles({ checked }: ScriptDocument): Span[] {
  return checked.file.commands.flatMap(({ name, tokens, blocks }) => {
    const [, file] = tokens;
    if (commandByName(name)?.name === '.script' && file !== undefined) {
      const quotes = file.kind === 'string' ? 1 : 0;
      return [{ start: file.span.start + quotes, end: file.span.end - quotes }];
    }
    return blocks.flatMap(({ kind, body }) => {
      const found = kind === 'script' ? /^(\s*file:\s*)(.*?)\s*$/is.exec(body.text) : null;
      const before = found?.[1]?.length ?? 0;
      return found === null ? [] : [body.span(before, before + (found[2]?.length ?? 0))];
    });
  });
}

export const documentLinksFeature: Feature = {
  capabilities: () => ({ documentLinkProvider: {} }),
  serve(context) {
    context.connection.onDocumentLinks(({ textDocument }) =>
      inDocument(context, textDocument.uri, findDocumentLinks),
    );
  },
};
