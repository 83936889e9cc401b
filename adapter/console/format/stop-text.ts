/** Stops and registers as the command line shows them. */

import type { RegisterFile, Stop } from '../../../driver/debuggee';
import { loadDisassembler } from '../../../script-engine/asm/disassembler';
import { generalRegisterOrder } from '../../../script-engine/catalog/registers';
import { type ArmedEvents, FIRST_EVENT_TAG } from '../../arming/armed-events';
import type { SymbolTable } from '../../symbols/symbol-table';
import { addressText, hex } from './numbers';

const FLAGS: readonly (readonly [name: string, bit: bigint])[] = [
  ['cf', 0n],
  ['pf', 2n],
  ['af', 4n],
  ['zf', 6n],
  ['sf', 7n],
  ['tf', 8n],
  ['if', 9n],
  ['df', 10n],
  ['of', 11n],
];

export async function stopText(stop: Stop, symbols: SymbolTable, events: ArmedEvents): Promise<string> {
  const disassembler = await loadDisassembler();
  const [instruction] = disassembler.decode(stop.instructionBytes, stop.rip, 1, stop.is32Bit ? 32 : 64);
  const place = symbols.placeOf(stop.rip)?.text;
  return (
    `core ${stop.core}: ${reasonText(stop, events)}\n` +
    `${addressText(stop.rip)}  ${instruction?.text ?? '(no instruction)'}${place === undefined ? '' : `  ; ${place}`}`
  );
}

function reasonText(stop: Stop, events: ArmedEvents): string {
  switch (stop.reason) {
    case 'event': {
      const label = events.byTag(stop.eventTag)?.label;
      const number = stop.eventTag >= FIRST_EVENT_TAG ? ` ${hex(stop.eventTag - FIRST_EVENT_TAG)}` : '';
      return `event${number}${label === undefined ? '' : ` (${label})`}${stop.stage === 'post' ? ', post' : ''}`;
    }
    case 'breakpoint':
      return `breakpoint ${hex(stop.eventTag)}`;
    case 'pause':
    case 'requested':
      return 'paused';
    default:
      return stop.reason;
  }
}

export function registersText(registers: RegisterFile): string {
  const values = [
    ...generalRegisterOrder.map((name, i) => [name, registers.general[i] ?? 0n] as const),
    ['rip', registers.rip] as const,
    ['rflags', registers.rflags] as const,
  ];
  const cells = values.map(([name, value]) => `${name.padStart(6)}=${hex(value, 16)}`);
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += 3) lines.push(cells.slice(i, i + 3).join(' '));
  const { cs, ss, ds, es, fs, gs } = registers;
  const segments = Object.entries({ cs, ss, ds, es, fs, gs }).map(
    ([name, value]) => `${name}=${hex(value, 4)}`,
  );
  const flags = FLAGS.filter(([, bit]) => (registers.rflags >> bit) & 1n).map(([name]) => name);
  return [...lines, `    ${segments.join(' ')}`, `    flags: ${flags.join(' ') || 'none'}`].join('\n');
}
