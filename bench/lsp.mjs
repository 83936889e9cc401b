// The language server as an editor meets it: through a real stdio connection. With --rival the same client measures
// bash-language-server in the same run; it is installed into a folder of its own for that.
//
//   node bench/lsp.mjs [--rival]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { projectFile, runScript } from '../scripts/project.mjs';
import { startServer } from './lsp-client.mjs';
import { commandFileText, randomNumbers } from './parse-corpus.mjs';

const SERVER = ['--max-semi-space-size=4', projectFile('dist/language-server.js'), '--stdio'];
const RIVAL = 'bash-language-server@5.6.0';
const ROUNDS = 300;

/** So many lines of commands with scripts. */
function linesOfCommands(lines) {
  const all = commandFileText(lines * 120, 1500, 5).split('\n');
  let end = lines;
  while (end > 0 && all[end] !== '}') end--;
  return `${all.slice(0, end + 1).join('\n')}\n`;
}

function linesOfShell(lines) {
  const text = [];
  for (let part = 0; text.length < lines; part++) {
    text.push(
      `step_${part}() {`,
      `  local value=$1`,
      `  if [ "$value" -gt ${part} ]; then`,
      `    echo "step ${part}: $value"`,
    );
    text.push(`  else`, `    value=$((value + ${part}))`, `  fi`, `}`, `step_${part} ${part}`);
  }
  return `${text.join('\n')}\n`;
}

const percentile = (times, share) =>
  times.toSorted((one, two) => one - two)[Math.min(times.length - 1, Math.floor(times.length * share))];
const shown = (ms) => `${ms.toFixed(1)} ms`;

function report(what, times, aim) {
  const p95 = percentile(times, 0.95);
  const verdict = aim === undefined ? '' : p95 <= aim ? `  (aim ${aim}: met)` : `  (aim ${aim}: MISSED)`;
  console.log(
    `${what.padEnd(52)} p50 ${shown(percentile(times, 0.5)).padStart(9)}  p95 ${shown(p95).padStart(9)}${verdict}`,
  );
}

async function timed(act) {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

async function repeated(rounds, act, undo = async () => {}) {
  const times = [];
  // The first rounds warm the engine up, as the first keys of a day do.
  for (let round = 0; round < rounds + 20; round++) {
    const time = await timed(() => act(round));
    await undo();
    if (round >= 20) times.push(time);
  }
  return times;
}

/** Key, completion and hover in one file; returns nothing, prints. */
async function measure(name, server, uri, text, aims, rounds = ROUNDS) {
  const lines = text.split('\n');
  const random = randomNumbers(9);
  const firstMs = await timed(() => server.open(uri, text));
  console.log(`${`${name}, opened`.padEnd(52)} ${shown(firstMs)}`);
  let version = 1;
  let place;
  const somewhere = () => {
    for (;;) {
      const line = Math.floor(random() * lines.length);
      if (/\w\w/.test(lines[line])) return { line, character: lines[line].search(/\w\w/) + 1 };
    }
  };
  report(
    `${name}, change to diagnostics`,
    await repeated(
      rounds,
      async () => {
        place = somewhere();
        await server.change(uri, ++version, [{ range: { start: place, end: place }, text: 'x' }]);
      },
      async () => {
        const end = { line: place.line, character: place.character + 1 };
        await server.change(uri, ++version, [{ range: { start: place, end }, text: '' }]);
      },
    ),
    aims.change,
  );
  for (const method of ['completion', 'hover']) {
    const times = await repeated(rounds, () =>
      server.request(`textDocument/${method}`, { textDocument: { uri }, position: somewhere() }),
    );
    report(`${name}, ${method}`, times, aims[method]);
  }
}

async function ours() {
  const starts = [];
  for (let round = 0; round < 10; round++) {
    const server = await startServer(SERVER);
    starts.push(server.startMs);
    await server.stop();
  }
  report('start to initialized', starts, 200);
  const server = await startServer(SERVER);
  await measure('1,000 lines', server, 'file:///thousand.hds', linesOfCommands(1000), {
    change: 16,
    completion: 16,
    hover: 5,
  });
  memory(server, 'memory with 1,000 lines');
  await measure('10,000 lines', server, 'file:///many.hds', linesOfCommands(10_000), { change: 50 }, 100);
  memory(server, 'memory with 11,000 lines');
  await server.stop();
  await folder();
  const bytes = statSync(projectFile('dist/language-server.js')).size;
  console.log(
    `${'bundle'.padEnd(52)} ${Math.round(bytes / 1000)} kB  (aim 500: ${bytes <= 500_000 ? 'met' : 'MISSED'})`,
  );
}

function memory(server, what) {
  const used = server.memoryMiB();
  if (used !== undefined)
    console.log(`${what.padEnd(52)} ${used.toFixed(0)} MiB  (aim 100: ${used <= 100 ? 'met' : 'MISSED'})`);
}

/** A folder of scripts that nobody has open. */
async function folder() {
  const place = mkdtempSync(path.join(tmpdir(), 'hds-bench-'));
  try {
    for (let file = 0; file < 1000; file++)
      writeFileSync(path.join(place, `script-${file}.hds`), commandFileText(3000, 1500, file));
    const server = await startServer(SERVER, {
      capabilities: { textDocument: { diagnostic: {} } },
      folders: [pathToFileURL(place).href],
    });
    const time = await timed(() => server.request('workspace/diagnostic', { previousResultIds: [] }));
    report('1,000 scripts of a folder', [time], 3000);
    memory(server, 'memory with 1,000 scripts');
    await server.stop();
  } finally {
    rmSync(place, { recursive: true });
  }
}

async function rival() {
  const place = mkdtempSync(path.join(tmpdir(), 'hds-rival-'));
  try {
    const npm = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', place, RIVAL], {
      stdio: 'ignore',
    });
    if (npm.status !== 0) {
      console.log(`${RIVAL} cannot be fetched here, so nothing is compared.`);
      return;
    }
    const program = path.join(place, 'node_modules/bash-language-server/out/cli.js');
    const server = await startServer([program, 'start'], { languageId: 'shellscript' });
    console.log(`${`${RIVAL}: start to initialized`.padEnd(52)} ${shown(server.startMs)}`);
    await measure(`${RIVAL}: 1,000 lines`, server, 'file:///thousand.sh', linesOfShell(1000), {}, 40);
    const used = server.memoryMiB();
    if (used !== undefined) console.log(`${`${RIVAL}: memory`.padEnd(52)} ${used.toFixed(0)} MiB`);
    await server.stop();
  } finally {
    rmSync(place, { recursive: true });
  }
}

await runScript(async () => {
  await ours();
  if (process.argv.includes('--rival')) await rival();
});
