/** Scripts and machine code that do their worst, the same ones for the same seed. */

import type { ActionRequest } from '../../../driver/debuggee';
import { code, type Session } from './session';

type Random = (limit: number) => number;

/** Small and repeatable; nothing about it needs to be hard to guess (xorshift32). */
export function seededRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const ADDRESSES = [
  '0',
  '1',
  '0xfff',
  'ffffffffffffffff',
  '8000000000000000',
  'ffff800000000000',
  '7fffffffe000',
];

const wild = (random: Random): string => {
  const chosen = ADDRESSES[random(ADDRESSES.length)] ?? '0';
  return chosen.startsWith('0x') ? chosen : `0x${chosen}`;
};

const SCRIPTS: readonly ((random: Random) => string)[] = [
  (random) => `x = poi(${wild(random)});`,
  (random) => `eq(${wild(random)}, 0x41);`,
  (random) => `memcpy(${wild(random)}, ${wild(random)}, 0x${random(0x7fffffff).toString(16)});`,
  (random) => `printf("%s %ws\\n", ${wild(random)}, ${wild(random)});`,
  (random) => `printf("%llx %d %s\\n", ${wild(random)}, @rsp, 0n${random(1000)});`,
  () => 'event_clear($event_id);',
  () => 'event_sc(1); event_sc(0);',
  () => 'event_disable($event_id); event_enable($event_id);',
  (random) => `x = 1 / (0n${random(2)});`,
  (random) => `x = strlen(${wild(random)});`,
  (random) => `for (i = 0; i < 0n${random(300)}; i++) { printf("%llx", i); }`,
  () => 'int deep(int n) { return deep(n + 1); } x = deep(1);',
  () => '.spin = 0; spinlock_lock_custom_wait(&.spin, 0n10); spinlock_unlock(&.spin);',
];

/** These use up their whole budget, so a batch has few of them. */
const ENDLESS_SCRIPTS = [
  'while (1) { }',
  'x = 1; while (x == 1) { x = 1; }',
  'for (i = 0; i >= 0; i++) { x = i; }',
];

const CODES = [
  'ebfe', // jmp $
  '31c08b00c3', // read of 0
  '48c7c0000000808900c3', // write far away
  '48c7c0ffffffffffe0', // jump to the last byte
  '0f0b',
  'f4c3',
  'fac3',
  'cd80c3',
  'cd03c3',
  '0f05c3',
  'ccc3',
  'c6050000000090c3', // writes to its own bytes
  '488d05f9ffffffc600c3c3', // and to its first one
  '48c70100000000c3', // GUEST_REGS or the buffer
  '48c702ffffffff31c0c3', // GUEST_REGS.rax
  '31c00f22d8c3', // CR3 = 0
  'b9800000c031c031d20f30c3', // wrmsr EFER = 0
  '31c00f22c0c3', // CR0 = 0
  '31e4c3', // no stack
  '50ebfd', // push without end
  'e8fbffffff', // call itself
  'f7f1c3', // division
  '', // nothing, so it runs into what follows
  '9dc3',
  '0f01d0c3',
  'f3abc3', // rep stosd
];

const RANDOM_CODE_BYTES = 48;

/** One action of a hostile event; undefined when the compiler refuses the script, which is an answer as well. */
export function hostileAction(
  session: Session,
  random: Random,
  mayBeEndless: boolean,
): ActionRequest | undefined {
  const kind = random(4);
  if (kind === 0) {
    const bytes = Array.from({ length: 1 + random(RANDOM_CODE_BYTES) }, () => random(256));
    return code(Buffer.from(bytes).toString('hex'), random(2) * 64);
  }
  if (kind === 1) return code(CODES[random(CODES.length)] || '90', random(2) * 64);
  const make = SCRIPTS[random(SCRIPTS.length)];
  const source = mayBeEndless ? ENDLESS_SCRIPTS[random(ENDLESS_SCRIPTS.length)] : make?.(random);
  try {
    return session.script(source ?? '');
  } catch {
    return undefined;
  }
}
