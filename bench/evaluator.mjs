// Time of an operation (one instruction of a symbol buffer) in both tiers of the evaluator, beside the same loops in
// JavaScript; and of a whole run of the commonest kind of event script, one whose condition does not hold.
//
//   node --expose-gc bench/evaluator.mjs [--rounds 15]
import { cpus, loadavg } from 'node:os';
import process from 'node:process';
import { loadBundle } from './bundle.mjs';
import { measure } from './parse-measure.mjs';

/** The original evaluator, measured on the same class of machine. */
const ORIGINAL_OPERATION_NS = 36;
const ORIGINAL_UNTAKEN_NS = 144;
/** A sample shorter than this would be lost between two ticks of the processor's clock. */
const SAMPLE_MS = 60;
const NS_PER_MS = 1e6;

const index = process.argv.indexOf('--rounds');
const rounds = index < 0 ? 15 : Number(process.argv[index + 1]);

async function loadEvaluator() {
  const modules = [
    'compiler/compile',
    'compiler/global-table',
    'conformance/user-mode-machine',
    'conformance/user-mode-map',
    'evaluator/interpreter',
    'evaluator/prepare',
    'evaluator/session',
  ];
  return loadBundle(
    'evaluator.cjs',
    modules.map((name) => `script-engine/${name}`),
  );
}

const word = (value) => BigInt.asUintN(64, value);

/** Loops of close to a million instructions, the language's limit, and what they do in JavaScript. */
const loops = [
  {
    title: 'sum of a counter',
    source: 'sum = 0; for (ix = 0; ix < 0n120000; ix++) { sum = sum + ix; } formats(sum);',
    javaScript: () => {
      let sum = 0n;
      for (let ix = 0n; ix < 120_000n; ix++) sum = word(sum + ix);
      return sum;
    },
  },
  {
    title: 'the same with int and casts',
    source: 'int sum = 0; for (int ix = 0; ix < 0n120000; ix++) { sum = sum + ix; } formats(sum);',
    javaScript: () => {
      let sum = 0;
      for (let ix = 0; ix < 120_000; ix++) sum = (sum + ix) | 0;
      return BigInt(sum);
    },
  },
  {
    title: 'hash, with a branch and a register',
    source:
      'hw = 0; for (ix = 0; ix < 0n70000; ix++) { hw = (hw ^ ix) * 3 + (ix >> 1); if (hw & 1) { @rbx = @rbx + 1; } } formats(hw);',
    javaScript: () => {
      let hash = 0n;
      let odd = 0n;
      for (let ix = 0n; ix < 70_000n; ix++) {
        hash = word((hash ^ ix) * 3n + (ix >> 1n));
        if ((hash & 1n) !== 0n) odd++;
      }
      return odd < 0n ? odd : hash;
    },
  },
  {
    title: 'a global variable',
    source: '.sum = 0; for (ix = 0; ix < 0n120000; ix++) { .sum = .sum + ix; } formats(.sum);',
    javaScript: () => {
      const cells = new BigUint64Array(1);
      for (let ix = 0n; ix < 120_000n; ix++) cells[0] += ix;
      return cells[0];
    },
  },
  {
    title: 'a function in a loop',
    source:
      'long fn_sum(long px, long py) { return px + py; } long sum = 0; for (long ix = 0; ix < 0n30000; ix++) { sum = fn_sum(sum, ix); } formats(sum);',
    javaScript: () => {
      const add = (x, y) => word(x + y);
      let sum = 0n;
      for (let ix = 0n; ix < 30_000n; ix++) sum = add(sum, ix);
      return sum;
    },
  },
];

const evaluator = await loadEvaluator();
const { compileScript, GlobalTable, prepareScript, runScript, ScriptSession } = evaluator;

function prepared(source) {
  const { script, diagnostics } = compileScript(source, { globals: new GlobalTable() });
  if (script === undefined) throw new Error(`${source}: ${diagnostics[0]?.message}`);
  return () => prepareScript(script.bytes, script.symbolCount);
}

let distinctScripts = 0;
/** The script with a constant that no script had before: V8 keeps the machine code of modules it has seen. */
const distinct = (source) => prepared(`${source} kx = 0n${++distinctScripts};`);

function runner(script, compileAfter) {
  const machine = new evaluator.UserModeMachine();
  const session = new ScriptSession({ bases: evaluator.userModeBases });
  const options = compileAfter === undefined ? {} : { compileAfter };
  return () => runScript(script, machine, session, options);
}

/** A candidate for `measure` whose run is long enough, and how often it does the work. */
function repeated(name, work) {
  const start = performance.now();
  let times = 0;
  while (performance.now() - start < SAMPLE_MS) {
    work();
    times++;
  }
  // The second half of the time the code is warm: it gets more done.
  const warmStart = performance.now();
  for (let count = 0; count < times; count++) work();
  times = Math.max(1, Math.ceil((times * SAMPLE_MS) / (performance.now() - warmStart)));
  const run = () => {
    for (let count = 0; count < times; count++) work();
  };
  return { name, run, times };
}

/** Median and best milliseconds of one execution of each work. */
function measureEach(works) {
  const candidates = Object.entries(works).map(([name, work]) => repeated(name, work));
  return measure(candidates, { rounds, repeats: 1, warmUp: 1 }).map(({ medianMs, bestMs }, at) => ({
    medianMs: medianMs / candidates[at].times,
    bestMs: bestMs / candidates[at].times,
  }));
}

const figure = (value) => value.toFixed(value < 10 ? 2 : 1);

console.log(
  `node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} processors, load ${loadavg()[0].toFixed(1)}\n`,
);
console.log('Nanoseconds of one operation, median (best); the original takes 36.\n');
console.log('| loop | operations | interpreter | WebAssembly | first run, both compilations included | JavaScript | WebAssembly to the original | to the interpreter | to JavaScript |'); // prettier-ignore
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const { title, source, javaScript } of loops) {
  const fresh = prepared(source);
  const expected = runner(fresh(), Infinity)();
  if (!expected.ok) throw new Error(`${title}: ${expected.error.text}`);
  const interpreted = runner(fresh(), Infinity);
  const compiled = runner(fresh(), 0);
  for (const run of [interpreted, compiled]) {
    const { result, instructions } = run();
    if (result !== expected.result || instructions !== expected.instructions || word(javaScript()) !== result)
      throw new Error(`${title}: the results differ`);
  }
  const each = measureEach({
    interpreter: interpreted,
    WebAssembly: compiled,
    first: () => runner(distinct(source)(), 0)(),
    JavaScript: javaScript,
  });
  const ns = each.map(({ medianMs }) => (medianMs * NS_PER_MS) / expected.instructions);
  const cells = each.map(
    ({ bestMs }, at) => `${figure(ns[at])} (${figure((bestMs * NS_PER_MS) / expected.instructions)})`,
  );
  const [ofInterpreter, ofWasm, , ofJavaScript] = ns;
  console.log(
    `| ${title} | ${expected.instructions} | ${cells.join(' | ')} | ${figure(ORIGINAL_OPERATION_NS / ofWasm)}× | ` +
      `${figure(ofInterpreter / ofWasm)}× | ${figure(ofJavaScript / ofWasm)}× |`,
  );
}

const untaken = prepared('if (@rax == 0x55) { printf("%llx\\n", @rcx); }');
const [slow, fast] = measureEach({
  interpreter: runner(untaken(), Infinity),
  'as it comes': runner(untaken(), undefined),
}).map(({ medianMs }) => medianMs * NS_PER_MS);
console.log(
  `\nA run of \`if (@rax == 0x55) { … }\` that is not taken, set-up included: ${figure(fast)} ns, ` +
    `${figure(ORIGINAL_UNTAKEN_NS / fast)}× the original's ${ORIGINAL_UNTAKEN_NS} ns (interpreted: ${figure(slow)} ns).`,
);
