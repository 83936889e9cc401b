// Random edits of real scripts over a live connection: the server must not end, its diagnostics must be those of the last
// version, none twice, and in the end they must be what a fresh server says.
//
//   node scripts/fuzz-language-server.mjs [--edits 100000] [--seed 1]
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { startServer } from '../bench/lsp-client.mjs';
import { randomNumbers } from '../bench/parse-corpus.mjs';
import { filesBelow, isMain, projectFile, runScript, ScriptFailure } from './project.mjs';

const SERVER = [projectFile('dist/language-server.js'), '--stdio'];
/** Edits between two comparisons with a fresh server. */
const STRETCH = 500;

const pieces = [
  '{', '}', '(', ')', ';', '"', '//', '/*', '*/', '\n', '\r\n', '\\', '$arg1', '@rax', '!cpuid ', ' script {', '.x', '= 1',
  'print(', 'dead', '0n', 'while (', 'int ', 'struct S ', '#include "a.ds"; ', ' pid ', 'output {', '\0', '\u00e9', '\ud83d\ude00',
]; // prettier-ignore

const asked = [
  'hover',
  'completion',
  'documentSymbol',
  'foldingRange',
  'semanticTokens/full',
  'signatureHelp',
  'documentHighlight',
];

function corpus() {
  return filesBelow(projectFile('examples'))
    .filter((file) => file.endsWith('.hds'))
    .map((file) => readFileSync(file, 'utf8'));
}

/** One change as an editor sends it. */
function randomChange(random, document) {
  const text = document.getText();
  const at = Math.floor(random() * (text.length + 1));
  const removed = random() < 0.5 ? Math.floor(random() * 12) : 0;
  const inserted = random() < 0.7 ? pieces[Math.floor(random() * pieces.length)] : '';
  return {
    range: { start: document.positionAt(at), end: document.positionAt(Math.min(text.length, at + removed)) },
    text: inserted,
  };
}

function checkDiagnostics(diagnostics, document, what) {
  const seen = new Set();
  for (const diagnostic of diagnostics) {
    const key = JSON.stringify(diagnostic);
    if (seen.has(key)) throw new ScriptFailure(`${what}: the same diagnostic twice: ${key}`);
    seen.add(key);
    if (diagnostic.range.end.line >= document.lineCount)
      throw new ScriptFailure(`${what}: a diagnostic behind the text: ${key}`);
  }
}

/** What a server that has seen nothing else says. */
async function freshDiagnostics(uri, text) {
  const server = await startServer(SERVER);
  const diagnostics = await server.open(uri, text);
  await server.stop();
  return diagnostics;
}

/** Makes so many edits; throws at the first problem. */
export async function fuzzLanguageServer(edits, seed) {
  const random = randomNumbers(seed);
  const texts = corpus();
  const server = await startServer(SERVER);
  const gone = server.exited.then((code) => {
    throw new ScriptFailure(`The server ended with ${code}.`);
  });
  gone.catch(() => undefined);
  let stretch = 0;
  for (let done = 0; done < edits; stretch++) {
    const uri = `file:///fuzz-${stretch}.hds`;
    const start = texts[Math.floor(random() * texts.length)];
    let document = TextDocument.create(uri, 'hyperdbg-script', 1, start);
    let diagnostics = await Promise.race([server.open(uri, start), gone]);
    for (let version = 2; version < STRETCH + 2 && done < edits; version++, done++) {
      const change = randomChange(random, document);
      document = TextDocument.update(document, [change], version);
      const what = `seed ${seed}, edit ${done}`;
      const isLast = version === STRETCH + 1 || done === edits - 1;
      // Most keys come while the server is busy with the one before.
      if (!isLast && random() < 0.5) {
        await server.changeQuietly(uri, version, [change]);
      } else {
        diagnostics = await Promise.race([server.change(uri, version, [change]), gone]);
        checkDiagnostics(diagnostics, document, what);
      }
      if (random() < 0.1) {
        const method = asked[Math.floor(random() * asked.length)];
        const position = document.positionAt(Math.floor(random() * document.getText().length));
        await Promise.race([
          server.request(`textDocument/${method}`, { textDocument: { uri }, position }),
          gone,
        ]);
      }
    }
    const fresh = await freshDiagnostics(uri, document.getText());
    if (JSON.stringify(fresh) !== JSON.stringify(diagnostics))
      throw new ScriptFailure(
        `seed ${seed}, stretch ${stretch}: not what a fresh server says of\n${JSON.stringify(document.getText())}\n` +
          `${JSON.stringify(diagnostics)}\n${JSON.stringify(fresh)}`,
      );
    await server.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }
  if ((await server.stop()) !== 0) throw new ScriptFailure('The server did not end well.');
}

function option(name, otherwise) {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : Number(process.argv[index + 1]);
}

if (isMain(import.meta.url))
  await runScript(async () => {
    const edits = option('edits', 100_000);
    await fuzzLanguageServer(edits, option('seed', 1));
    console.log(
      `${edits} random edits over a live connection: no crash, nothing stale or twice, as a fresh server.`,
    );
  });
