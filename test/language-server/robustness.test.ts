import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { findCompletions } from '../../language-server/features/completion';
import { extractActions } from '../../language-server/actions/extract-variable';
import { radixActions } from '../../language-server/actions/number-radix';
import { sortActions } from '../../language-server/actions/sort-options';
import { prepareCallHierarchy } from '../../language-server/features/call-hierarchy';
import { findCodeLenses } from '../../language-server/features/code-lens';
import { findDocumentLinks } from '../../language-server/features/document-links';
import { findInlayHints } from '../../language-server/features/inlay-hints';
import { findSelectionRanges } from '../../language-server/features/selection-ranges';
import { encodedTokens } from '../../language-server/features/semantic-tokens';
import { toLspDiagnostics } from '../../language-server/features/diagnostics';
import { findDocumentSymbols } from '../../language-server/features/document-symbols';
import { findFoldingRanges } from '../../language-server/features/folding';
import { findHover } from '../../language-server/features/hover';
import { findQuickFixes } from '../../language-server/actions/quick-fixes';
import { findSignatureHelp } from '../../language-server/features/signature-help';
import { readScriptDocument } from '../../language-server/open-documents';
import { projectFile } from '../project-root';
import { Random } from '../random';

const SEED = 20261125;
const EDITS = 300;
const PIECES = [
  '{',
  '}',
  '"',
  '//',
  '/*',
  '*/',
  '(',
  ')',
  ';',
  '\n',
  '\\',
  '$arg1',
  '@',
  '!',
  '.',
  'script {',
  '\u0000',
  'é',
  '😀',
];

const examples = readdirSync(projectFile('examples'))
  .filter((name) => name.endsWith('.hds'))
  .map((name) => readFileSync(projectFile(`examples/${name}`), 'utf8'));

function edited(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const removed = random.below(3) === 0 ? random.below(20) : 0;
  return text.slice(0, at) + (removed > 0 ? '' : random.pick(PIECES)) + text.slice(at + removed);
}

describe('language server on broken texts', () => {
  it(`answers everything for random edits of the examples (seed ${SEED})`, () => {
    const random = new Random(SEED);
    let text = '';
    for (let edit = 0; edit < EDITS; edit++) {
      text = edit % 20 === 0 ? random.pick(examples) : edited(text, random);
      const document = readScriptDocument(
        TextDocument.create('file:///a.hds', 'hyperdbg-script', edit, text),
      );
      const offset = random.below(text.length + 1);
      try {
        const end = document.text.positionAt(text.length);
        for (const { range } of toLspDiagnostics(document)) {
          assert.ok(range.start.line < range.end.line || range.start.character <= range.end.character);
          assert.ok(range.end.line <= end.line);
        }
        for (const { range, selectionRange } of findDocumentSymbols(document)) {
          assert.ok(document.text.offsetAt(range.start) <= document.text.offsetAt(selectionRange.start));
          assert.ok(document.text.offsetAt(range.end) >= document.text.offsetAt(selectionRange.end));
        }
        for (const { startLine, endLine } of findFoldingRanges(document)) assert.ok(startLine < endLine);
        const all = { start: { line: 0, character: 0 }, end };
        assert.equal(encodedTokens(document).length % 5, 0);
        findSelectionRanges(document, [document.text.positionAt(offset)]);
        findInlayHints(document, all);
        findDocumentLinks(document);
        findCodeLenses(document);
        prepareCallHierarchy(document, offset);
        extractActions(document, { start: offset, end: offset + 3 });
        sortActions(document, { start: offset, end: offset });
        radixActions(document, { start: offset, end: offset });
        findCompletions(document, offset);
        findHover(document, offset);
        findSignatureHelp(document, offset);
        findQuickFixes(document, { start: { line: 0, character: 0 }, end });
      } catch (error) {
        throw new Error(`edit ${edit}, offset ${offset}: ${JSON.stringify(text)}`, { cause: error });
      }
    }
  });
});
