/** Puts a program, and its dynamic loader when it has one, into a fresh process (System V ABI, AMD64 supplement 3.4). */

import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import { pageEnd, pageStart, type AddressSpace } from './address-space';
import { NotRunnableError, readElf, type ElfImage } from './elf';
import type { FileSystem } from './file-system';
import { hostCall } from './host-files';

const PROGRAM_BIAS = 0x5555_5555_4000;
const INTERPRETER_BIAS = 0x7fff_f7fc_3000;
const STACK_TOP = 0x7fff_ffff_e000;
const STACK_BYTES = 8 << 20;
/** Room of the initial stack for arguments and environment; a longer command line is refused. */
const MAX_ARGUMENT_BYTES = 1 << 20;
const PROGRAM_HEADER_BYTES = 56;

/** Numbers of the auxiliary vector. */
const AUX = {
  null: 0,
  programHeaders: 3,
  programHeaderBytes: 4,
  programHeaderCount: 5,
  pageBytes: 6,
  base: 7,
  flags: 8,
  entry: 9,
  uid: 11,
  euid: 12,
  gid: 13,
  egid: 14,
  platform: 15,
  hardwareCapabilities: 16,
  clockTicks: 17,
  secure: 23,
  random: 25,
  executableName: 31,
} as const;
/** CPUID.1:EDX of the CPU, as Linux hands it on. */
const HARDWARE_CAPABILITIES = 0x178b_fbff;
const USER_ID = 1000;

export interface LoadedModule {
  /** Guest path. */
  readonly path: string;
  /** Lowest address of the image: where an ELF header stands, and what addresses of a PIE are relative to. */
  readonly baseAddress: number;
}

export interface LoadedProgram {
  readonly entry: number;
  readonly stackPointer: number;
  /** End of the program's image, where the heap begins. */
  readonly imageEnd: number;
  readonly modules: readonly LoadedModule[];
}

interface Placed {
  readonly bias: number;
  readonly start: number;
  readonly end: number;
}

export interface ProgramToLoad {
  /** Guest path of the file. */
  readonly path: string;
  /** The first of the arguments: the guest path for a program that no other has started. */
  readonly name: string;
  readonly image: ElfImage;
  readonly arguments: readonly string[];
  /** Lines `NAME=value`. */
  readonly environment: readonly string[];
}

/** Reads a program file of this computer. Throws NotRunnableError; the message follows the file's name. */
export function readProgram(hostPath: string): ElfImage {
  return readElf(fs.readFileSync(hostPath));
}

/** Throws NotRunnableError when the dynamic loader is missing or the arguments do not fit. */
export function loadProgram(space: AddressSpace, files: FileSystem, program: ProgramToLoad): LoadedProgram {
  const { image } = program;
  const name = program.path;
  const placed = place(space, image, PROGRAM_BIAS, name);
  const interpreter =
    image.interpreter === undefined ? undefined : loadInterpreter(space, files, image.interpreter);
  space.map(STACK_TOP - STACK_BYTES, STACK_TOP, { read: true, write: true, execute: false }, '[stack]');
  const entry = image.entry + placed.bias;
  const stackPointer = buildStack(space, program, {
    [AUX.programHeaders]: placed.start + image.programHeaderOffset,
    [AUX.programHeaderBytes]: PROGRAM_HEADER_BYTES,
    [AUX.programHeaderCount]: image.programHeaderCount,
    [AUX.pageBytes]: 4096,
    [AUX.base]: interpreter?.placed.bias ?? 0,
    [AUX.flags]: 0,
    [AUX.entry]: entry,
    [AUX.uid]: USER_ID,
    [AUX.euid]: USER_ID,
    [AUX.gid]: USER_ID,
    [AUX.egid]: USER_ID,
    [AUX.hardwareCapabilities]: HARDWARE_CAPABILITIES,
    [AUX.clockTicks]: 100,
    [AUX.secure]: 0,
  });
  const modules = [{ path: name, baseAddress: placed.start }];
  if (interpreter !== undefined)
    modules.push({ path: interpreter.path, baseAddress: interpreter.placed.start });
  return { entry: interpreter?.entry ?? entry, stackPointer, imageEnd: placed.end, modules };
}

function loadInterpreter(
  space: AddressSpace,
  files: FileSystem,
  guest: string,
): { placed: Placed; entry: number; path: string } {
  const node = files.find(guest);
  if (node?.kind !== 'host') {
    throw new NotRunnableError(
      `needs the dynamic loader ${guest}, which this computer does not have; link the program with -static`,
    );
  }
  const image = readElf(hostCall(() => fs.readFileSync(node.hostPath)));
  const placed = place(space, image, INTERPRETER_BIAS, guest);
  return { placed, entry: image.entry + placed.bias, path: node.hostPath };
}

function place(space: AddressSpace, image: ElfImage, preferredBias: number, name: string): Placed {
  const bias = image.isRelocatable ? preferredBias : 0;
  for (const segment of image.segments) {
    const address = segment.address + bias;
    const end = pageEnd(address + segment.memorySizeBytes);
    space.map(pageStart(address), end, segment, name);
    space.poke(address, image.bytes.subarray(segment.fileOffset, segment.fileOffset + segment.fileSizeBytes));
  }
  const starts = image.segments.map((segment) => pageStart(segment.address + bias));
  const ends = image.segments.map((segment) => pageEnd(segment.address + segment.memorySizeBytes + bias));
  return { bias, start: Math.min(...starts), end: Math.max(...ends) };
}

function buildStack(space: AddressSpace, program: ProgramToLoad, auxiliary: Record<number, number>): number {
  let top = STACK_TOP;
  const push = (bytes: Uint8Array): number => {
    top -= bytes.length;
    if (STACK_TOP - top > MAX_ARGUMENT_BYTES) throw new NotRunnableError('got too long a command line');
    space.poke(top, bytes);
    return top;
  };
  const pushText = (text: string): number => push(Buffer.from(`${text}\0`, 'utf8'));
  const executable = pushText(program.path);
  const platform = pushText('x86_64');
  const environment = program.environment.map(pushText);
  const argumentPointers = [pushText(program.name), ...program.arguments.map(pushText)];
  const random = push(randomFillSync(new Uint8Array(16)));
  const vector: Record<number, number> = {
    ...auxiliary,
    [AUX.random]: random,
    [AUX.platform]: platform,
    [AUX.executableName]: executable,
  };
  const words = [
    argumentPointers.length,
    ...argumentPointers,
    0,
    ...environment,
    0,
    ...Object.entries(vector).flatMap(([key, value]) => [Number(key), value]),
    AUX.null,
    0,
  ];
  // RSP must be a multiple of 16 at the entry point, where it points at the argument count.
  const end = top - 8 * words.length;
  const start = end - (end % 16);
  space.poke(start, new Uint8Array(BigUint64Array.from(words, BigInt).buffer));
  return start;
}
