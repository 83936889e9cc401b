import {
  type Range,
  type SemanticTokens,
  type SemanticTokensDelta,
  SemanticTokenModifiers,
  SemanticTokenTypes,
} from 'vscode-languageserver';
import { type Feature, inDocument } from '../feature';
import type { ScriptDocument } from '../open-documents';
import { spanOf } from '../ranges';
import { meantTokens } from '../token-meaning';

const TYPES: readonly SemanticTokenTypes[] = [
  SemanticTokenTypes.event,
  SemanticTokenTypes.macro,
  SemanticTokenTypes.keyword,
  SemanticTokenTypes.number,
  SemanticTokenTypes.string,
  SemanticTokenTypes.comment,
  SemanticTokenTypes.variable,
  SemanticTokenTypes.parameter,
  SemanticTokenTypes.property,
  SemanticTokenTypes.function,
  SemanticTokenTypes.struct,
  SemanticTokenTypes.type,
  SemanticTokenTypes.namespace,
];
const MODIFIERS: readonly SemanticTokenModifiers[] = [
  SemanticTokenModifiers.declaration,
  SemanticTokenModifiers.modification,
  SemanticTokenModifiers.readonly,
  SemanticTokenModifiers.static,
  SemanticTokenModifiers.defaultLibrary,
];

/** Five numbers for each token, as the protocol encodes them; a token does not reach over a line end. */
export function encodedTokens(document: ScriptDocument, range?: Range): number[] {
  const { start, end } =
    range === undefined ? { start: 0, end: document.source.length } : spanOf(document, range);
  const data: number[] = [];
  let lastLine = 0;
  let lastCharacter = 0;
  for (const { span, type, modifiers } of meantTokens(document, start, end)) {
    const bits = modifiers.reduce((sum, modifier) => sum | (1 << MODIFIERS.indexOf(modifier)), 0);
    let from = span.start;
    for (const line of document.source.slice(span.start, span.end).split('\n')) {
      const length = line.replace(/\r$/, '').length;
      const at = document.text.positionAt(from);
      from += line.length + 1;
      if (length === 0) continue;
      data.push(
        at.line - lastLine,
        at.line === lastLine ? at.character - lastCharacter : at.character,
        length,
        TYPES.indexOf(type),
        bits,
      );
      lastLine = at.line;
      lastCharacter = at.character;
    }
  }
  return data;
}

interface Result {
  readonly resultId: string;
  readonly data: readonly number[];
}

/** The last answer for each document, which the next one is told against. */
class Results {
  readonly #last = new Map<string, Result>();
  #count = 0;

  full(document: ScriptDocument): SemanticTokens {
    const data = encodedTokens(document);
    const resultId = String(++this.#count);
    this.#last.set(document.text.uri, { resultId, data });
    return { resultId, data };
  }

  /** All tokens when the client has another answer than our last one. */
  delta(document: ScriptDocument, previousId: string): SemanticTokens | SemanticTokensDelta {
    const before = this.#last.get(document.text.uri);
    const now = this.full(document);
    if (before?.resultId !== previousId) return now;
    const edit = editBetween(before.data, now.data);
    return { resultId: now.resultId ?? '', edits: edit === undefined ? [] : [edit] };
  }

  forget(uri: string): void {
    this.#last.delete(uri);
  }
}

function editBetween(before: readonly number[], now: readonly number[]) {
  let start = 0;
  const shorter = Math.min(before.length, now.length);
  while (start < shorter && before[start] === now[start]) start++;
  let tail = 0;
  while (tail < shorter - start && before[before.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  if (start === before.length && start === now.length) return undefined;
  return { start, deleteCount: before.length - start - tail, data: now.slice(start, now.length - tail) };
}

export const semanticTokensFeature: Feature = {
  capabilities: () => ({
    semanticTokensProvider: {
      legend: { tokenTypes: [...TYPES], tokenModifiers: [...MODIFIERS] },
      full: { delta: true },
      range: true,
    },
  }),
  serve(context) {
    const { connection, documents } = context;
    const { semanticTokens } = connection.languages;
    const results = new Results();
    documents.onClosed((uri) => results.forget(uri));
    semanticTokens.on(({ textDocument }) =>
      inDocument(context, textDocument.uri, (document) => results.full(document)),
    );
    semanticTokens.onDelta(({ textDocument, previousResultId }) =>
      inDocument(context, textDocument.uri, (document) => results.delta(document, previousResultId)),
    );
    semanticTokens.onRange(({ textDocument, range }) =>
      inDocument(context, textDocument.uri, (document) => ({ data: encodedTokens(document, range) })),
    );
  },
};
