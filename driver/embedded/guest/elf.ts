/** What it takes to load an ELF program: the header and the program headers (System V ABI, AMD64 supplement). */

export interface ElfSegment {
  readonly fileOffset: number;
  readonly address: number;
  readonly fileSizeBytes: number;
  readonly memorySizeBytes: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

export interface ElfImage {
  readonly bytes: Uint8Array;
  /** Relative to the load bias when `isRelocatable`. */
  readonly entry: number;
  /** Position independent: the loader chooses the load bias. */
  readonly isRelocatable: boolean;
  readonly segments: readonly ElfSegment[];
  readonly programHeaderOffset: number;
  readonly programHeaderCount: number;
  /** Path of the dynamic loader, undefined for a static program. */
  readonly interpreter: string | undefined;
}

/** The file cannot be run; the message is half a sentence: "… is a Windows program (PE)". */
export class NotRunnableError extends Error {
  override readonly name = 'NotRunnableError';
}

const PROGRAM_HEADER_BYTES = 56;
const HEADER_BYTES = 64;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const MACHINE_X86_64 = 62;
const TYPE = { executable: 2, shared: 3 } as const;
const SEGMENT = { load: 1, interpreter: 3 } as const;
const RIGHT = { execute: 1, write: 2, read: 4 } as const;
const HIGHEST_ADDRESS = 2 ** 47;

/** Reads and checks an ELF file. Throws NotRunnableError for anything that is no 64-bit x86 Linux program. */
export function readElf(bytes: Uint8Array): ElfImage {
  rejectOtherFormats(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machine = view.getUint16(18, true);
  if (bytes[4] !== CLASS_64)
    throw new NotRunnableError('is a 32-bit program; only 64-bit x86 programs can run');
  if (bytes[5] !== LITTLE_ENDIAN || machine !== MACHINE_X86_64) {
    throw new NotRunnableError('is made for another processor; only x86-64 programs can run');
  }
  const type = view.getUint16(16, true);
  if (type !== TYPE.executable && type !== TYPE.shared) {
    throw new NotRunnableError('is an object file or a core dump, not a program; link it first');
  }
  const programHeaderOffset = number64(view, 32);
  const programHeaderCount = view.getUint16(56, true);
  if (programHeaderOffset + programHeaderCount * PROGRAM_HEADER_BYTES > bytes.length) {
    throw new NotRunnableError('is cut off: its program headers lie behind its end');
  }
  const headers = Array.from({ length: programHeaderCount }, (_, index) =>
    programHeader(view, programHeaderOffset + index * PROGRAM_HEADER_BYTES),
  );
  const segments = headers.filter((header) => header.type === SEGMENT.load && header.memorySizeBytes > 0);
  if (segments.length === 0) throw new NotRunnableError('has nothing to load');
  for (const segment of segments) checkSegment(segment, bytes.length);
  const interpreter = headers.find((header) => header.type === SEGMENT.interpreter);
  return {
    bytes,
    entry: number64(view, 24),
    isRelocatable: type === TYPE.shared,
    segments,
    programHeaderOffset,
    programHeaderCount,
    interpreter:
      interpreter === undefined
        ? undefined
        : text(bytes.subarray(interpreter.fileOffset, interpreter.fileOffset + interpreter.fileSizeBytes)),
  };
}

function rejectOtherFormats(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new NotRunnableError('is empty');
  const starts = (...magic: readonly number[]): boolean =>
    magic.every((byte, index) => bytes[index] === byte);
  if (starts(0x4d, 0x5a)) {
    throw new NotRunnableError(
      'is a Windows program (PE); the embedded machine runs Linux x86-64 programs (ELF)',
    );
  }
  if (starts(0x23, 0x21)) throw new NotRunnableError('is a script (#!); give the program that runs it');
  if (!starts(0x7f, 0x45, 0x4c, 0x46)) throw new NotRunnableError('is not an ELF program');
  if (bytes.length < HEADER_BYTES) throw new NotRunnableError('is cut off: it is shorter than an ELF header');
}

function programHeader(view: DataView, offset: number): ElfSegment & { readonly type: number } {
  const rights = view.getUint32(offset + 4, true);
  return {
    type: view.getUint32(offset, true),
    fileOffset: number64(view, offset + 8),
    address: number64(view, offset + 16),
    fileSizeBytes: number64(view, offset + 32),
    memorySizeBytes: number64(view, offset + 40),
    read: (rights & RIGHT.read) !== 0,
    write: (rights & RIGHT.write) !== 0,
    execute: (rights & RIGHT.execute) !== 0,
  };
}

function checkSegment(segment: ElfSegment, fileBytes: number): void {
  if (segment.fileOffset + segment.fileSizeBytes > fileBytes) {
    throw new NotRunnableError('is cut off: a segment lies behind its end');
  }
  const end = segment.address + segment.memorySizeBytes;
  if (segment.fileSizeBytes > segment.memorySizeBytes || end > HIGHEST_ADDRESS) {
    throw new NotRunnableError('is damaged: a segment has an impossible size or address');
  }
}

/** Addresses and sizes of user space fit in a double exactly; larger ones are rejected by their users. */
function number64(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}
