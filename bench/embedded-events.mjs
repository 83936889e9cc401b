// What events cost the embedded machine: a guest that calls one function for ever, with hooks on that function.
// A figure is the guest's own count of its rounds over wall time, between two pauses.
//
//   node bench/embedded-events.mjs [--ms 700] [--rounds 3]         (needs gcc)
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { loadavg } from 'node:os';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { projectFile } from '../scripts/project.mjs';
import { bundle, loadBundle } from './bundle.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
const windowMs = option('--ms', 700);
const rounds = option('--rounds', 3);
const PAUSES = 200;
const WIRE_STOPS = 200;
/** add, xor, dec, jnz: what one turn of the reference loop executes. */
const LOOP_INSTRUCTIONS = 4;
const LOOP_TURNS = 1_000_000;

const SOURCE = `
volatile unsigned long counter;
__attribute__((noinline)) long hot(long x) { __asm__ volatile(""); return x; }
__attribute__((noinline)) void cold(void) { __asm__ volatile(""); }
int main(int argc, char **argv) {
  if (argc > 1) for (;;) {
    __asm__ volatile("mov $${LOOP_TURNS}, %%rcx\\n1: add $3, %%rax\\nxor %%rax, %%rdx\\ndec %%rcx\\njnz 1b" ::: "rax", "rcx", "rdx");
    counter++;
  }
  for (;;) hot(counter++);
}`.replace('$$', '$');

await bundle('embedded-worker.js', ['driver/embedded/worker']);
const driver = await loadBundle('driver-events.cjs', [
  'driver/embedded/embedded-machine',
  'driver/kd/kd-debuggee',
  'driver/sdk/tables.generated',
  'script-engine/compiler/compile',
  'script-engine/compiler/global-table',
]);
const TYPE = driver.VMM_EVENT_TYPE_ENUM;

const program = projectFile('out/bench/hot-guest');
fs.writeFileSync(`${program}.c`, SOURCE);
execFileSync('gcc', ['-O1', '-static', '-no-pie', '-o', program, `${program}.c`]);
const symbols = new Map(
  execFileSync('nm', [program], { encoding: 'utf8' })
    .split('\n')
    .map((text) => text.split(' '))
    .map(([address, , name]) => [name, BigInt(`0x${address || 0}`)]),
);
const HOT = symbols.get('hot');

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[values.length >> 1];

async function withGuest(args, body) {
  const machine = await driver.startEmbeddedMachine({ program, arguments: args });
  const debuggee = await driver.connectKdDebuggee(machine.stream);
  let messages = 0;
  let onStop = () => undefined;
  debuggee.listen({
    stopped: (stop) => onStop(stop),
    message: () => messages++,
    buffer: () => undefined,
  });
  let tag = 0x100_0000n;
  const guest = {
    debuggee,
    messages: () => messages,
    arm: async (event, action) => {
      const own = tag++;
      const rest = { coreId: 0xffff_ffff, processId: 0xffff_ffff, stage: 1, shortCircuit: false };
      await debuggee.registerEvent({ tag: own, ...rest, condition: undefined, ...event });
      await debuggee.addAction(own, action, true);
    },
    count: async () => Buffer.from(await debuggee.readMemory(symbols.get('counter'), 8)).readBigUInt64LE(),
    /** Rounds of the guest a second. */
    rate: async () => {
      const before = await guest.count();
      const start = performance.now();
      await debuggee.resume();
      await delay(windowMs);
      await debuggee.pause();
      const seconds = (performance.now() - start) / 1000;
      return Number((await guest.count()) - before) / seconds;
    },
    nextStop: () => new Promise((resolve) => (onStop = resolve)),
  };
  try {
    await debuggee.pause();
    return await body(guest);
  } finally {
    await debuggee.close();
    await machine.dispose();
  }
}

function script(source) {
  const { script: compiled } = driver.compileScript(source, { globals: new driver.GlobalTable() });
  return { kind: 'script', bytes: compiled.bytes, symbolCount: compiled.symbolCount, bufferSizeBytes: 0 };
}

const hook = { type: TYPE.HIDDEN_HOOK_EXEC_CC, options: [HOT] };
const UNTAKEN = script('if (@rax == 0xdeadbeef12345) { printf("taken"); }');
// xor eax, eax; ret / mov rax, [rcx+38h]; cmp rax, -1; sete al; movzx eax, al; ret
const NEVER = new Uint8Array(Buffer.from('488b41384883f8ff0f94c00fb6c0c3', 'hex'));
const OTHERS = 1000;

const CASES = {
  bare: async () => undefined,
  script: ({ arm }) => arm(hook, UNTAKEN),
  condition: ({ arm }) => arm({ ...hook, condition: NEVER }, UNTAKEN),
  'other process': ({ arm }) => arm({ ...hook, processId: 0 }, UNTAKEN),
  'with others': async ({ arm }) => {
    // The same page takes 40 hooks only, and most types have no address: cpuid leaves and ports make up the crowd.
    for (let i = 0; i < OTHERS; i++) {
      await arm({ type: TYPE.CPUID_INSTRUCTION_EXECUTION, options: [1n, BigInt(i + 0x1000)] }, UNTAKEN);
    }
    await arm(hook, UNTAKEN);
  },
};

const samples = Object.fromEntries(Object.keys(CASES).map((name) => [name, []]));
const messageRates = [];
let lost = 0;
for (let round = 0; round < rounds; round++) {
  for (const [name, prepare] of Object.entries(CASES)) {
    await withGuest([], async (guest) => {
      await prepare(guest);
      await guest.rate();
      samples[name].push(await guest.rate());
    });
  }
  await withGuest([], async (guest) => {
    await guest.arm(hook, script('printf("%llx\\n", @rdi);'));
    const [startCount, startMessages] = [await guest.count(), guest.messages()];
    const rate = await guest.rate();
    messageRates.push(rate);
    // counter++ comes before the call, so the pause can fall between the two.
    const missing = Number((await guest.count()) - startCount) - (guest.messages() - startMessages);
    lost += missing > 1 ? missing : 0;
  });
}
const rateOf = Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));

const mips = await withGuest(['loop'], async (guest) => {
  await guest.rate();
  const values = [];
  for (let round = 0; round < rounds; round++) values.push(await guest.rate());
  return (median(values) * LOOP_TURNS * LOOP_INSTRUCTIONS) / 1e6;
});

const pauses = await withGuest(['loop'], async ({ debuggee }) => {
  const values = [];
  for (let i = 0; i < PAUSES; i++) {
    await debuggee.resume();
    await delay(2);
    const start = performance.now();
    await debuggee.pause();
    values.push(performance.now() - start);
  }
  return sorted(values);
});

const wire = await withGuest([], async (guest) => {
  await guest.arm(hook, { kind: 'break' });
  const start = performance.now();
  for (let i = 0; i < WIRE_STOPS; i++) {
    const stop = guest.nextStop();
    await guest.debuggee.resume();
    await stop;
    await guest.debuggee.readRegister(0);
  }
  return (WIRE_STOPS * 1000) / (performance.now() - start);
});

const perSecond = (value) => `${Math.round(value).toLocaleString('en')} /s`;
console.log(`load ${loadavg()[0]?.toFixed(2)}, ${rounds} rounds of ${windowMs} ms, medians`);
for (const [title, value, goal] of [
  ['guest calls without events', perSecond(rateOf.bare), ''],
  ['script conditions, not taken', perSecond(rateOf.script), '100,000 /s'],
  ['machine-code conditions, not taken', perSecond(rateOf.condition), '100,000 /s'],
  ['hook of another process, not taken', perSecond(rateOf['other process']), '200,000 /s'],
  ['messages to the client', `${perSecond(median(messageRates))}, ${lost} lost`, '50,000 /s, 0 lost'],
  [
    `trigger with ${OTHERS} other events armed`,
    `${(rateOf.script / rateOf['with others']).toFixed(2)} times one alone`,
    '1.5 times',
  ],
  ['reference loop without events', `${mips.toFixed(0)} MIPS`, '200 MIPS'],
  [
    'pause, p95',
    `${pauses[Math.floor(PAUSES * 0.95)].toFixed(2)} ms, max ${pauses.at(-1).toFixed(2)}`,
    '3 ms',
  ],
  [
    'filter in the engine against the wire',
    `${(rateOf.script / wire).toFixed(0)} times (wire ${perSecond(wire)})`,
    '',
  ],
])
  console.log(`${title.padEnd(40)} ${value.padEnd(34)} ${goal && `goal ${goal}`}`);
