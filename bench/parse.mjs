// Speed of the front end, as ratios to other parsers on the same bytes in the same run.
//
//   node --expose-gc bench/parse.mjs [--bytes 1000000] [--rounds 9] [--rivals FOLDER]
//
// TypeScript comes from node_modules. tree-sitter is compared when FOLDER (or HDS_BENCH_RIVALS) has it:
//   npm install --prefix FOLDER --ignore-scripts web-tree-sitter@0.27.1 tree-sitter-c@0.24.1
import { createRequire } from 'node:module';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { loadFrontEnd } from './compile-bundle.mjs';
import { measure } from './parse-measure.mjs';
import { brokenText, commandFileText, scriptText } from './parse-corpus.mjs';

const require = createRequire(import.meta.url);

function option(name, otherwise) {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : process.argv[index + 1];
}

/** Parses and frees with tree-sitter's C grammar in WebAssembly, or undefined when it is not installed there. */
async function treeSitter(folder) {
  if (folder === undefined) return undefined;
  const from = createRequire(path.resolve(folder, 'package.json'));
  let wasm;
  try {
    wasm = from.resolve('tree-sitter-c/tree-sitter-c.wasm');
  } catch {
    return undefined;
  }
  const { Parser, Language } = await import(pathToFileURL(from.resolve('web-tree-sitter')).href);
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(wasm));
  return (text) => parser.parse(text).delete();
}

const frontEnd = await loadFrontEnd();
const ts = require('typescript');
const parseC = await treeSitter(option('rivals', process.env['HDS_BENCH_RIVALS']));
const bytes = Number(option('bytes', '1000000'));
const rounds = Number(option('rounds', '9'));

function compare(title, text, { repeats, warmUp }) {
  const ours = frontEnd.parseScript(text);
  const results = measure(
    [
      { name: 'this front end', run: () => frontEnd.parseScript(text) },
      {
        name: 'TypeScript createSourceFile',
        run: () => ts.createSourceFile('a.js', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS),
      },
      ...(parseC === undefined ? [] : [{ name: 'tree-sitter C (wasm)', run: () => parseC(text) }]),
    ],
    { rounds, repeats, warmUp },
  );
  console.log(`\n## ${title}: ${text.length} bytes, ${ours.diagnostics.length} messages\n`);
  console.log('| parser | ms, median | MB/s | times ours, median | times ours, best |');
  console.log('| --- | ---: | ---: | ---: | ---: |');
  const [own] = results;
  for (const { name, medianMs, bestMs } of results)
    console.log(
      `| ${name} | ${medianMs.toFixed(3)} | ${(text.length / 1000 / medianMs).toFixed(1)} | ` +
        `${(medianMs / own.medianMs).toFixed(1)} | ${(bestMs / own.bestMs).toFixed(1)} |`,
    );
}

/** A key pressed in the middle of a command file, after which an editor wants to know what is wrong. */
function compareKeystroke(title, text, { repeats, warmUp }) {
  const { CheckedFile } = frontEnd;
  const at = text.indexOf(' = ', text.length >> 1) + 3;
  let version = CheckedFile.of(text);
  const commands = version.file.commands.length;
  let digit = 0;
  // Every version differs from the one before.
  const next = () => `${text.slice(0, at)}${(digit = (digit + 1) % 10)}${text.slice(at)}`;
  const [fresh, incremental] = measure(
    [
      { name: 'fresh', run: () => CheckedFile.of(next()).diagnostics },
      { name: 'incremental', run: () => (version = version.edited(next())).diagnostics },
    ],
    { rounds, repeats, warmUp },
  );
  console.log(
    `| ${title}, ${text.length} bytes, ${commands} commands | ${fresh.medianMs.toFixed(3)} | ` +
      `${incremental.medianMs.toFixed(3)} | ${(fresh.medianMs / incremental.medianMs).toFixed(0)} |`,
  );
}

console.log(
  `node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} processors, load ${loadavg()[0].toFixed(1)}`,
);
if (parseC === undefined)
  console.log('tree-sitter is not installed (--rivals): compared with TypeScript only.');
const big = scriptText(bytes, 42);
const small = scriptText(10_000, 3);
compare('clean text', big, { repeats: 1, warmUp: 3 });
compare('a mistake every 2 kB', brokenText(big, 2000, 7), { repeats: 1, warmUp: 3 });
compare('a 10 kB script', small, { repeats: 50, warmUp: 300 });
compare('a 10 kB script with mistakes', brokenText(small, 2000, 7), { repeats: 50, warmUp: 300 });

console.log('\n## a key in the middle of a command file: read and check\n');
console.log('| file | all of it, ms | incremental, ms | times |');
console.log('| --- | ---: | ---: | ---: |');
compareKeystroke('1 MB', commandFileText(bytes, 1500, 11), { repeats: 8, warmUp: 3 });
compareKeystroke('10 kB', commandFileText(10_000, 1500, 12), { repeats: 100, warmUp: 100 });
