// What the kernel-debugger wire to the embedded machine costs: reads of memory, small requests, and text of scripts. Each
// figure stands beside what the same bytes cost without the wire, or as messages a second.
//
//   node --expose-gc bench/driver.mjs PROGRAM [--rounds 7]
//
// PROGRAM is any Linux x86-64 program; the one of the examples is taken when none is named.
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { projectFile } from '../scripts/project.mjs';
import { bundle, loadBundle } from './bundle.mjs';

const PAGE_BYTES = 4096;
const MIB = 1 << 20;
const SMALL_REQUESTS = 500;
/** Text that one message of a script carries. */
const SCRIPT_PRINTS = 2000;

const roundsAt = process.argv.indexOf('--rounds');
const rounds = roundsAt < 0 ? 7 : Number(process.argv[roundsAt + 1]);
const named = process.argv[2]?.startsWith('--') === false ? process.argv[2] : undefined;
const program = named ?? projectFile('examples/guests/prebuilt/licence');

async function loadDriver() {
  await bundle('embedded-worker.js', ['driver/embedded/worker']);
  return loadBundle('driver.cjs', [
    'driver/embedded/embedded-machine',
    'driver/kd/frame',
    'driver/kd/kd-debuggee',
    'script-engine/compiler/compile',
    'script-engine/compiler/global-table',
  ]);
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Wall milliseconds of `work`, which waits for another thread: processor time of this one would say nothing. */
async function time(work) {
  await work();
  const samples = [];
  for (let round = 0; round < rounds; round++) {
    globalThis.gc?.();
    const start = performance.now();
    await work();
    samples.push(performance.now() - start);
  }
  return { medianMs: median(samples), bestMs: Math.min(...samples) };
}

const line = (title, { medianMs, bestMs }, remark = '') =>
  console.log(
    `${title.padEnd(42)} ${medianMs.toFixed(3).padStart(9)} ms  best ${bestMs.toFixed(3).padStart(9)} ms  ${remark}`,
  );

const driver = await loadDriver();
const machine = await driver.startEmbeddedMachine({ program, arguments: [] });
try {
  const debuggee = await driver.connectKdDebuggee(machine.stream);
  await debuggee.pause();
  console.log(
    `${path.basename(program)} on ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(2)}, ${rounds} rounds`,
  );
  const { rip } = await debuggee.readRegisters();
  const page = rip - (rip % BigInt(PAGE_BYTES));

  line('a register', await time(() => debuggee.readRegister(0)));
  const small = await time(async () => {
    for (let i = 0; i < SMALL_REQUESTS; i++) await debuggee.readRegister(0);
  });
  line(
    `${SMALL_REQUESTS} registers, one by one`,
    small,
    `${Math.round((SMALL_REQUESTS * 1000) / small.medianMs)} requests/s`,
  );
  line('current process and thread', await time(() => debuggee.currentProcess()));
  line('all registers', await time(() => debuggee.readRegisters()));
  line('read of 4 KiB', await time(() => debuggee.readMemory(page, PAGE_BYTES)));
  // Physical memory is there in any length; a small guest has no MiB in one piece.
  const large = await time(async () => {
    const bytes = await debuggee.readMemory(0n, MIB, 'physical');
    if (bytes.length !== MIB) throw new Error(`only ${bytes.length} bytes came`);
  });
  line('read of 1 MiB', large, `${(((MIB / large.medianMs) * 1000) / 1e6).toFixed(0)} MB/s`);

  const payload = new Uint8Array(60_000).map((_, i) => (i * 7) & 0xff);
  const frames = await time(async () => {
    const reader = new driver.FrameReader();
    for (let i = 0; i < 20; i++) reader.push(driver.encodeFrame({ type: 3, action: 57, payload }));
  });
  line(
    'frames of 1.2 MB, written and read',
    frames,
    `${((large.medianMs / frames.medianMs) * (1.2 / 1.05)).toFixed(1)} times as much for the read of as many bytes`,
  );

  const source = `for (i = 0; i < 0n${SCRIPT_PRINTS}; i++) { printf("%llx: the value of a register\\n", i); }`;
  const { script } = driver.compileScript(source, { globals: new driver.GlobalTable() });
  const prints = await time(() => debuggee.runScript(script.bytes, script.symbolCount, false));
  line(
    `${SCRIPT_PRINTS} messages of a script`,
    prints,
    `${Math.round((SCRIPT_PRINTS * 1000) / prints.medianMs)} messages/s`,
  );
} finally {
  await machine.dispose();
}
