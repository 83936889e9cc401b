/** `d*`, `e*`, `s*`, `dl`, `.dump`: memory of the current process, and with `!` physical memory. */

import { writeFile } from 'node:fs/promises';
import type { AddressSpace } from '../../../driver/debuggee';
import { requireSuccess } from '../../../driver/driver-error';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import { DEBUGGER_SEARCH_MEMORY } from '../../../driver/sdk/structs.generated';
import {
  DEBUGGER_SEARCH_MEMORY_BYTE_SIZE as WIDTH,
  DEBUGGER_SEARCH_MEMORY_TYPE as SEARCH,
} from '../../../driver/sdk/tables.generated';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { addressOf, CommandWords, numberOf } from '../command-words';
import { memoryLines, type MemoryForm } from '../format/memory-text';
import { addressText, hex } from '../format/numbers';
import { readRange, type ValueWidth, writeValues } from '../memory-access';

const DEFAULT_SIZE = 0x80n;
const DEFAULT_NODES = 0x100n;
const POINTER_BYTES = 8;
const LARGEST_DUMP = 0x1_0000_0000n;
/** A larger read is a mistake: nobody reads that many lines. `.dump` has no such limit. */
const LARGEST_SHOWN = 0x100_0000n;

export function showMemory(form: MemoryForm, space: AddressSpace) {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    words.refuseProcess();
    const sizeBytes = Number(words.takeNumberOf('l', LARGEST_SHOWN) ?? DEFAULT_SIZE);
    const address = await words.takeAddress('an address', context);
    words.end();
    const { bytes } = await readRange({ address, sizeBytes, space }, context);
    context.io.print(memoryLines(address, bytes, sizeBytes, form));
  };
}

const LARGEST_VALUE: Readonly<Record<ValueWidth, bigint>> = {
  1: 0xffn,
  4: 0xffff_ffffn,
  8: 0xffff_ffff_ffff_ffffn,
};

function takeValues(words: CommandWords, width: ValueWidth): bigint[] {
  const values = words.takeAll().map((token) => numberOf(token, 'a value', LARGEST_VALUE[width]));
  if (values.length === 0) throw new CommandError('At least one value belongs behind the address.');
  return values;
}

export function editMemory(width: ValueWidth, space: AddressSpace) {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    words.refuseProcess();
    const addressToken = words.take('an address');
    const values = takeValues(words, width);
    const address = await addressOf(addressToken, context);
    await writeValues(address, values, width, space, context);
  };
}

const SEARCH_WIDTH = {
  1: WIDTH.SEARCH_BYTE,
  4: WIDTH.SEARCH_DWORD,
  8: WIDTH.SEARCH_QWORD,
} as const;

export function searchMemory(width: ValueWidth, space: AddressSpace) {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    words.refuseProcess();
    const length = words.takeNumberOf('l', LARGEST_VALUE[8]);
    if (length === undefined)
      throw new CommandError(`"${command.name}" wants the length of the range: add "l <Length>".`);
    const address = await words.takeAddress('an address', context);
    const values = takeValues(words, width);
    const operation = `Searching memory at 0x${hex(address)}`;
    const record = {
      Address: address,
      Length: length,
      ProcessId: process.pid,
      MemoryType: space === 'physical' ? SEARCH.SEARCH_PHYSICAL_MEMORY : SEARCH.SEARCH_VIRTUAL_MEMORY,
      ByteSize: SEARCH_WIDTH[width],
      CountOf64Chunks: values.length,
      FinalStructureSize: DEBUGGER_SEARCH_MEMORY.sizeBytes + 8 * values.length,
    };
    // What is found comes as messages before the answer (8.4).
    const answer = await context.client.requests.ask(
      REQUEST.search,
      { record, tail: values },
      operation,
      ANSWER.search,
    );
    requireSuccess(operation, answer.Result);
    context.io.print(
      answer.CountOfResults === 0 ? 'nothing was found' : `found ${answer.CountOfResults} time(s)`,
    );
  };
}

/** Follows a doubly linked list from its head until it comes round. */
export function showList(space: AddressSpace) {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    words.refuseProcess();
    const offset = words.takeNumberOf('o') ?? 0n;
    const count = words.takeNumberOf('l') ?? DEFAULT_NODES;
    const head = await words.takeAddress('the address of a list', context);
    words.end();
    let link = head + offset;
    const seen = new Set<bigint>();
    for (let node = 0n; node < count; node++) {
      if (context.signal.aborted)
        throw new CommandError(`The list was left after ${node} node(s), as you wanted.`);
      const { bytes } = await readRange({ address: link, sizeBytes: POINTER_BYTES, space }, context);
      if (bytes.length < POINTER_BYTES)
        throw new CommandError(`The memory at ${addressText(link)} ends too early.`);
      const next = new DataView(bytes.buffer, bytes.byteOffset, POINTER_BYTES).getBigUint64(0, true);
      context.io.print(`${addressText(link - offset)}  next ${addressText(next)}`);
      seen.add(link);
      if (next === 0n || seen.has(next)) return;
      link = next;
    }
    context.io.say(`The list goes on; "l ${hex(2n * count)}" shows more of it.`);
  };
}

/** Saves a range to a file. */
export function dumpMemory(space: AddressSpace) {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    words.refuseProcess();
    const file = words.takeValueOf('path')?.text;
    if (file === undefined)
      throw new CommandError(
        `"${command.name}" wants a file: add "path <File>" (in quotes where it has blanks).`,
      );
    const from = await words.takeAddress('the first address', context);
    const to = await words.takeAddress('the last address', context);
    words.end();
    if (to <= from) throw new CommandError('The second address must be above the first one.');
    if (to - from > LARGEST_DUMP)
      throw new CommandError(`A dump has at most ${hex(LARGEST_DUMP)} bytes; take it in parts.`);
    const { bytes } = await readRange({ address: from, sizeBytes: Number(to - from), space }, context);
    try {
      await writeFile(file, bytes);
    } catch (error) {
      throw new CommandError(`The file "${file}" cannot be written: ${(error as Error).message}.`);
    }
    const missing = Number(to - from) - bytes.length;
    context.io.print(`${bytes.length} bytes are in ${file}`);
    if (missing > 0)
      context.io.say(
        `The last ${missing} bytes are missing: nothing is mapped at ${addressText(to - BigInt(missing))}.`,
      );
  };
}
