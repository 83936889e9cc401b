// Messages a second through the queues of the embedded driver: immediate ones against the batches of `imm no`, both read by a
// waiting reader; and the cost of a message that nobody reads, where the ring overwrites.
//
//   node bench/messages.mjs [--rounds 15]
import process from 'node:process';
import { loadBundle } from './bundle.mjs';

const MESSAGES = 100_000;
const TEXT = new TextEncoder().encode('the text of a message that an event prints, with a number: 1234\n');

const index = process.argv.indexOf('--rounds');
const rounds = index < 0 ? 15 : Number(process.argv[index + 1]);

/** Messages a second of the best and the median round. */
function measure(MessageQueues, immediate, isRead) {
  const rates = [];
  for (let round = 0; round < rounds; round++) {
    const queues = new MessageQueues({ nowMs: () => performance.now(), timeoutMs: 20 });
    const startMs = performance.now();
    for (let i = 0; i < MESSAGES; i++) {
      queues.push({ pool: 'root', operation: 0x1000000, bytes: TEXT, immediate });
      if (isRead) queues.take();
    }
    rates.push(MESSAGES / ((performance.now() - startMs) / 1000));
  }
  rates.sort((a, b) => a - b);
  return { median: rates[Math.floor(rates.length / 2)], best: rates.at(-1) };
}

const { MessageQueues } = await loadBundle('messages.cjs', ['driver/embedded/messages/message-queues']);
const millions = (rate) => `${(rate / 1e6).toFixed(2)} million a second`;
for (const [what, immediate, isRead] of [
  ['immediate, read at once', true, true],
  ['imm no, read in batches', false, true],
  ['immediate, never read (overwritten)', true, false],
]) {
  const { median, best } = measure(MessageQueues, immediate, isRead);
  console.log(`${what}: ${millions(median)} (best ${millions(best)})`);
}
