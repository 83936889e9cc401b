import { type FoldingRange, FoldingRangeKind } from 'vscode-languageserver';
import { type Feature, inDocument } from '../feature';
import type { ScriptDocument } from '../open-documents';

/** Commands and braces inside them that reach over lines, and runs of comment lines. */
export function findFoldingRanges(document: ScriptDocument): FoldingRange[] {
  return [...commandRanges(document), ...commentRanges(document.source)];
}

function commandRanges({ checked, source, text }: ScriptDocument): FoldingRange[] {
  const ranges: FoldingRange[] = [];
  for (const { span } of checked.file.commands) {
    const openLines: number[] = [];
    for (let at = span.start; at < span.end; at++) {
      if (source[at] === '{') openLines.push(text.positionAt(at).line);
      if (source[at] !== '}') continue;
      const startLine = openLines.pop();
      const endLine = text.positionAt(at).line - 1;
      // Two braces opened in one line fold as one.
      if (startLine !== undefined && endLine > startLine && ranges.at(-1)?.startLine !== startLine) {
        ranges.push({ startLine, endLine });
      }
    }
  }
  return ranges;
}

function commentRanges(source: string): FoldingRange[] {
  const ranges: FoldingRange[] = [];
  const lines = source.split('\n');
  let start = -1;
  for (let line = 0; line <= lines.length; line++) {
    const isComment = lines[line]?.trimStart().startsWith('//') === true;
    if (isComment && start < 0) start = line;
    if (isComment || start < 0) continue;
    if (line - 1 > start) {
      ranges.push({ startLine: start, endLine: line - 1, kind: FoldingRangeKind.Comment });
    }
    start = -1;
  }
  return ranges;
}

export const foldingFeature: Feature = {
  capabilities: () => ({ foldingRangeProvider: true }),
  serve(context) {
    context.connection.onFoldingRanges(({ textDocument }) =>
      inDocument(context, textDocument.uri, findFoldingRanges),
    );
  },
};
