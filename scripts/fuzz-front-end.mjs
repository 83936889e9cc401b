// Random bytes, random edits of real scripts and deep nesting for the front end of the script engine: it must not throw or
// hang, its tree must hold the source, and it must either compile or say why not.
//
//   node scripts/fuzz-front-end.mjs [--rounds 20000] [--seed 1]
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { loadFrontEnd } from '../bench/compile-bundle.mjs';
import { randomNumbers } from '../bench/parse-corpus.mjs';
import { filesBelow, isMain, projectFile, runScript, ScriptFailure } from './project.mjs';

/** Nothing here is so long that it may take a second, on any machine. */
const patienceMs = 1000;

const pieces = [
  '(', ')', '{', '}', '[', ']', ';', ',', '.', '->', '"', "'", '\\', '/*', '*/', '//', '\n', '\r\n', '\0', '!', '=', '==', '&&',
  '||', '<<=', '*', '&', '@', '$', '#', '`', '?', 'L"', '\u00e9', '\ud83d\ude00', 'if ', 'elsif (', 'else ', 'while (', 'for (',
  'do {', 'struct S ', 'typedef ', 'sizeof ', 'int ', 'unsigned long ', 'void f_x(', 'return ', 'break;', 'continue;',
  '#include "a.ds"; ', 'printf("%d %s", ', 'poi(', 'event_sc(1);', '@rax', '$pid', '.global1', 'nt!Foo', '0x', '0n99', 'add',
  '1.5', '99999999999999999999', '!epthook ', ' script {', 'condition {',
]; // prettier-ignore

/** Texts that nest so deep that a parser without a limit would overflow its stack. */
function deepTexts(depth) {
  const nest = (open, close, core) => open.repeat(depth) + core + close.repeat(depth);
  return [
    `x = ${nest('(', ')', '1')};`,
    `x = ${nest('-', '', '1')};`,
    `x = ${nest('poi(', ')', '1')};`,
    `x = ${nest('(int)', '', '1')};`,
    `x = ${nest('sizeof ', '', '1')};`,
    nest('{', '}', 'x = 1;'),
    nest('if (1) {', '}', 'x = 1;'),
    nest('if (1) { x = 1; } els', '', ''),
    nest('while (', ')', '1'),
    nest('for (i = 0; i < 1; i++) {', '}', 'x = 1;'),
    nest('do {', '} while (1);', 'x = 1;'),
    `int arr[2] = ${nest('{', '}', '1')};`,
    `struct S { ${nest('struct S { ', '', 'int x;')}`,
    `struct P { int x; } p = ${nest('{', '}', '1')};`,
    `if (${nest('(', ')', '1')}) { x = 1; }`,
    `if (1 ${nest('&& 1 ', '', '')}) { x = 1; }`,
    `x = 1 ${nest('+ 1 ', '', '')};`,
    `x ${nest('= x ', '', '')}= 1;`,
    `int${nest(' *', '', '')} p = 0;`,
    nest('(', '', ''),
    nest('{', '', ''),
    nest('[', '', ''),
    nest('"', '', ''),
    nest('/*', '', ''),
    nest('script {', '}', ''),
  ];
}

/** What is wrong with the answer to a text, or undefined. */
function problemOf(frontEnd, source) {
  const tree = frontEnd.parseScript(source);
  if (frontEnd.treeText(tree) !== source) return 'the tree does not hold the source';
  for (const mode of ['exact', 'safe']) {
    const { script, diagnostics } = frontEnd.compileScript(source, {
      globals: new frontEnd.GlobalTable(),
      symbols: { resolve: () => undefined },
      readInclude: (name) => (name === 'a.ds' ? '? { x = 1; #include "a.ds"; }' : undefined),
      mode,
    });
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if ((script === undefined) !== errors.length > 0)
      return `${mode}: ${errors.length} errors beside a script or none`;
    for (const { span } of diagnostics)
      if (!(span.start >= 0 && span.start <= span.end && span.end <= source.length))
        return 'a span outside the text';
  }
  for (const { span } of frontEnd.checkCommandFile(source))
    if (!(span.start >= 0 && span.end <= source.length)) return 'a span of the command file outside the text';
  return undefined;
}

function check(frontEnd, source, what) {
  const start = performance.now();
  let problem;
  try {
    problem = problemOf(frontEnd, source);
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const tookMs = performance.now() - start;
  if (problem === undefined && tookMs > patienceMs) problem = `it took ${tookMs.toFixed(0)} ms`;
  if (problem !== undefined)
    throw new ScriptFailure(`${what}:\n${JSON.stringify(source.slice(0, 2000))}\n${problem}`);
}

function corpus() {
  const vectors = filesBelow(projectFile('test/vectors/script'))
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(file, 'utf8')))
    .map(({ source }) => source)
    .filter((source) => typeof source === 'string' && source.length < 4000);
  const files = filesBelow(projectFile('examples'))
    .filter((file) => file.endsWith('.hds'))
    .map((file) => readFileSync(file, 'utf8'));
  return [...vectors, ...files];
}

function randomText(random) {
  const length = Math.floor(random() * 300);
  const limit = random() < 0.5 ? 128 : 0x10000;
  return String.fromCharCode(...Array.from({ length }, () => Math.floor(random() * limit)));
}

function edited(random, source, all) {
  let text = source;
  for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits--) {
    const at = Math.floor(random() * (text.length + 1));
    const choice = random();
    const other = all[Math.floor(random() * all.length)];
    const from = Math.floor(random() * other.length);
    const inserted =
      choice < 0.6
        ? pieces[Math.floor(random() * pieces.length)]
        : choice < 0.8
          ? other.slice(from, from + Math.floor(random() * 60))
          : '';
    const removed = random() < 0.5 ? Math.floor(random() * 20) : 0;
    text = text.slice(0, at) + inserted + text.slice(at + removed);
  }
  return text;
}

function option(name, otherwise) {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : Number(process.argv[index + 1]);
}

/** Runs so many rounds; throws at the first problem. */
export async function fuzzFrontEnd(rounds, seed) {
  const frontEnd = await loadFrontEnd();
  for (const depth of [10, 299, 301, 3000])
    for (const text of deepTexts(depth)) check(frontEnd, text, `nesting of ${depth}`);
  const random = randomNumbers(seed);
  const all = corpus();
  for (let round = 0; round < rounds; round++) {
    const what = `seed ${seed}, round ${round}`;
    if (round % 8 === 0) check(frontEnd, randomText(random), what);
    else check(frontEnd, edited(random, all[Math.floor(random() * all.length)], all), what);
  }
}

if (isMain(import.meta.url))
  await runScript(async () => {
    const rounds = option('rounds', 20_000);
    await fuzzFrontEnd(rounds, option('seed', 1));
    console.log(
      `${rounds} random texts and all deep ones: nothing thrown, no hang, every tree holds its source.`,
    );
  });
