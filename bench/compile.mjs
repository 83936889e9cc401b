// Time of a whole compilation: text to symbol buffer, with all checks.
//
//   node --expose-gc bench/compile.mjs [--rounds 15]
import { cpus, loadavg } from 'node:os';
import process from 'node:process';
import { loadFrontEnd } from './compile-bundle.mjs';
import { measure } from './parse-measure.mjs';
import { compilableText } from './parse-corpus.mjs';

const index = process.argv.indexOf('--rounds');
const rounds = index < 0 ? 15 : Number(process.argv[index + 1]);
const frontEnd = await loadFrontEnd();

const lineCount = (text) => text.split('\n').length;

/** A text of about so many lines that the compiler takes. */
function textOfLines(lines) {
  let bytes = lines * 40;
  while (lineCount(compilableText(bytes, 3)) < lines) bytes += 500;
  return compilableText(bytes, 3);
}

function compile(text) {
  return frontEnd.compileScript(text, {
    globals: new frontEnd.GlobalTable(),
    symbols: { resolve: () => undefined },
  });
}

console.log(
  `node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} processors, load ${loadavg()[0].toFixed(1)}`,
);
const start = performance.now();
compile(compilableText(10_000, 5));
console.log(`first compilation of this process, 10 kB: ${(performance.now() - start).toFixed(1)} ms\n`);

console.log('| text | lexed and parsed, ms | compiled, ms, median | compiled, ms, best |');
console.log('| --- | ---: | ---: | ---: |');
for (const [title, text] of [
  ['10 kB', compilableText(10_000, 3)],
  ['1000 lines', textOfLines(1000)],
]) {
  const { script, diagnostics } = compile(text);
  if (script === undefined) throw new Error(diagnostics[0]?.message);
  const [parsed, compiled] = measure(
    [
      { name: 'parse', run: () => frontEnd.parseScript(text) },
      { name: 'compile', run: () => compile(text) },
    ],
    { rounds, repeats: 30, warmUp: 300 },
  );
  console.log(
    `| ${title}: ${text.length} bytes, ${lineCount(text)} lines, ${script.symbolCount} slots | ` +
      `${parsed.medianMs.toFixed(3)} | ${compiled.medianMs.toFixed(3)} | ${compiled.bestMs.toFixed(3)} |`,
  );
}
