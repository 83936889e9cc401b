/** Words that every event command understands (driver-protocol 5.6, commands.json eventOptions). */

export type EventOptionKind = 'number-or-all' | 'number' | 'word' | 'block';

export interface EventOption {
  readonly name: string;
  readonly kind: EventOptionKind;
  readonly form: string;
  readonly summary: string;
  /** What counts when it is left out. */
  readonly absent: string;
  /** The words it takes. */
  readonly words?: readonly string[];
}

export const eventOptions: readonly EventOption[] = [
  {
    name: 'pid',
    kind: 'number-or-all',
    form: 'pid <Pid>|all',
    summary: 'Only this process.',
    absent: 'all processes',
  },
  {
    name: 'core',
    kind: 'number-or-all',
    form: 'core <Core>',
    summary: 'Only this processor.',
    absent: 'all processors',
  },
  {
    name: 'stage',
    kind: 'word',
    form: 'stage pre|post|all',
    summary: 'Before the instruction is emulated, after it, or both.',
    absent: 'pre',
    words: ['pre', 'post', 'all'],
  },
  {
    name: 'sc',
    kind: 'word',
    form: 'sc on|off',
    summary: 'Leaves out what the guest was about to do.',
    absent: 'off',
    words: ['on', 'off'],
  },
  {
    name: 'imm',
    kind: 'word',
    form: 'imm yes|no',
    summary: 'Sends each message at once instead of in batches.',
    absent: 'yes',
    words: ['yes', 'no'],
  },
  {
    name: 'buffer',
    kind: 'number',
    form: 'buffer <Size>',
    summary: 'A buffer of this many bytes for `$buffer` and for RCX of custom code.',
    absent: 'none',
  },
  {
    name: 'output',
    kind: 'block',
    form: 'output { name, name }',
    summary: 'Sends the messages to up to five outputs instead of showing them.',
    absent: 'none',
  },
  {
    name: 'condition',
    kind: 'block',
    form: '[asm] condition { bytes or instructions }',
    summary:
      'Machine code that decides: RAX = 0 skips the event. RCX = registers, RDX = context; `ret` is appended.',
    absent: 'always true',
  },
  {
    name: 'code',
    kind: 'block',
    form: '[asm] code { bytes or instructions }',
    summary: 'Machine code that runs: RCX = buffer, RDX = registers, R8 = context; `ret` is appended.',
    absent: 'none',
  },
  {
    name: 'script',
    kind: 'block',
    form: 'script { statements } or script {file:path}',
    summary: 'A script that runs.',
    absent: 'none',
  },
  {
    name: 'asm',
    kind: 'block',
    form: 'asm condition|code { instructions }',
    summary: 'The next block holds instructions instead of bytes.',
    absent: 'bytes',
  },
];

const byName = new Map(eventOptions.map((option) => [option.name, option]));

/** The option of that word; words compare without case. */
export function eventOptionByName(name: string): EventOption | undefined {
  return byName.get(name.toLowerCase());
}

/** The driver compares with the number of its slots, which is decimal 1000 (driver-protocol 5.3). */
export const LARGEST_BUFFER_BYTES = 999;

/** Outputs that one event can have (driver-protocol 5.7). */
export const MOST_OUTPUTS = 5;
