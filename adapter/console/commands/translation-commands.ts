/** `!pte`, `!va2pa`, `!pa2va`, `.pagein`: how addresses are mapped (driver-protocol 6.3, 8.4). */

import { requireSuccess } from '../../../driver/driver-error';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import {
  DEBUGGER_PAGE_IN_REQUEST,
  DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS,
} from '../../../driver/sdk/structs.generated';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { addressOf, CommandWords } from '../command-words';
import { addressText, hex } from '../format/numbers';

async function takeOnlyAddress({ command }: CommandLine, context: CommandContext): Promise<bigint> {
  const words = new CommandWords(command);
  words.refuseProcess();
  const address = await words.takeAddress('an address', context);
  words.end();
  return address;
}

const ENTRY_FLAGS: readonly (readonly [name: string, bit: bigint])[] = [
  ['present', 0n],
  ['write', 1n],
  ['user', 2n],
  ['accessed', 5n],
  ['dirty', 6n],
  ['large', 7n],
  ['global', 8n],
  ['no-execute', 63n],
];

export async function pageTable(line: CommandLine, context: CommandContext): Promise<void> {
  const address = await takeOnlyAddress(line, context);
  const operation = `Reading the page table entries of 0x${hex(address)}`;
  const answer = await context.client.requests.ask(
    REQUEST.pageTable,
    { ...DEBUGGER_READ_PAGE_TABLE_ENTRIES_DETAILS.zero(), VirtualAddress: address },
    operation,
    ANSWER.pageTable,
    (value) => value.VirtualAddress === address,
  );
  requireSuccess(operation, answer.KernelStatus);
  const entries = [
    ['pml4e', answer.Pml4eVirtualAddress, answer.Pml4eValue],
    ['pdpte', answer.PdpteVirtualAddress, answer.PdpteValue],
    ['pde', answer.PdeVirtualAddress, answer.PdeValue],
    ['pte', answer.PteVirtualAddress, answer.PteValue],
  ] as const;
  for (const [name, place, value] of entries) {
    // The last level of a large page is told as 0.
    if (place === 0n) continue;
    const flags = ENTRY_FLAGS.filter(([, bit]) => (value >> bit) & 1n).map(([flag]) => flag);
    context.io.print(
      `${name.padEnd(5)} at ${addressText(place)} = ${hex(value, 16)}  ${flags.join(' ') || 'not present'}`,
    );
  }
}

export function translate(toPhysical: boolean) {
  return async (line: CommandLine, context: CommandContext): Promise<void> => {
    const address = await takeOnlyAddress(line, context);
    const operation = `Translating the address 0x${hex(address)}`;
    const answer = await context.client.requests.ask(
      REQUEST.translate,
      {
        VirtualAddress: toPhysical ? address : 0n,
        PhysicalAddress: toPhysical ? 0n : address,
        ProcessId: 0,
        IsVirtual2Physical: toPhysical,
        KernelStatus: 0,
      },
      operation,
      ANSWER.translate,
      (value) => (toPhysical ? value.VirtualAddress : value.PhysicalAddress) === address,
    );
    requireSuccess(operation, answer.KernelStatus);
    const found = toPhysical ? answer.PhysicalAddress : answer.VirtualAddress;
    // The way back has no error: 0 means that it is not known (6.3).
    context.io.print(!toPhysical && found === 0n ? 'no virtual address is known for it' : addressText(found));
  };
}

const MODE_LETTERS = /^[pwufkshg]+$/;

export async function pageIn({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  words.refuseProcess();
  const length = words.takeNumberOf('l') ?? 0n;
  const tokens = words.takeAll();
  const [mode] = tokens.length > 1 ? tokens.splice(0, 1) : [];
  const [place, extra] = tokens;
  if (mode !== undefined && !MODE_LETTERS.test(mode.text.toLowerCase()))
    throw new CommandError(`"${mode.text}" is no kind of access; it is made of the letters p w u f k s h g.`);
  if (place === undefined || extra !== undefined)
    throw new CommandError(`"${command.name}" is written ".pagein [<Mode>] <Address> [l <Length>]".`);
  const address = await addressOf(place, context);
  const operation = `Bringing in the page of 0x${hex(address)}`;
  // The original's client reads the letters and sends 0 whatever they are (8.4, QUIRK).
  const answer = await context.client.requests.ask(
    REQUEST.pageIn,
    {
      ...DEBUGGER_PAGE_IN_REQUEST.zero(),
      VirtualAddressFrom: address,
      VirtualAddressTo: BigInt.asUintN(64, address + length),
    },
    operation,
    ANSWER.pageIn,
    (value) => value.VirtualAddressFrom === address,
  );
  requireSuccess(operation, answer.KernelStatus);
  context.io.print(
    'the page is asked for; it comes in when the target runs: "g" stops again one instruction later',
  );
}
