/** The container of a PDB: streams that lie in pages all over the file (LLVM's "The MSF File Format"). */

import { ByteCursor, EndOfBytes } from '../byte-cursor';
import { type ByteSource, SymbolFileError } from '../byte-source';

export interface MsfStream {
  readonly sizeBytes: number;
  /** Exactly these bytes; throws EndOfBytes where the stream has fewer. Pages beside each other are read at once. */
  read(offset: number, sizeBytes: number): Uint8Array;
}

export interface MsfFile {
  readonly streamCount: number;
  /** Undefined where there is no such stream. */
  stream(index: number): MsfStream | undefined;
}

const MAGIC = 'Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0';
const OLD_MAGIC = 'Microsoft C/C++ program database 2.00';
const SUPER_BLOCK_SIZE = 56;
const NO_STREAM = 0xffffffff;

/** Reads the directory of streams, and nothing of the streams. Throws SymbolFileError. */
export function readMsf(source: ByteSource): MsfFile {
  try {
    return readContainer(source);
  } catch (error) {
    if (error instanceof EndOfBytes) throw new SymbolFileError('ends within its directory; it is cut off.');
    throw error;
  }
}

function readContainer(source: ByteSource): MsfFile {
  const head = source.read(0, Math.min(SUPER_BLOCK_SIZE, source.sizeBytes));
  const magic = String.fromCharCode(...head.subarray(0, MAGIC.length));
  if (OLD_MAGIC.startsWith(magic.slice(0, 24)) && magic.length >= 24) {
    throw new SymbolFileError('is a PDB of the format 2.00; only the format 7.00 is read.');
  }
  if (magic !== MAGIC) throw new SymbolFileError('is not a PDB file: its signature is missing.');
  const cursor = new ByteCursor(head);
  cursor.seek(MAGIC.length);
  const pageSize = cursor.u32();
  cursor.skip(4);
  const pageCount = cursor.u32();
  const directorySize = cursor.u32();
  cursor.skip(4);
  const mapPage = cursor.u32();
  if (![512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].includes(pageSize)) {
    throw new SymbolFileError(`claims pages of ${pageSize} bytes; it is damaged.`);
  }
  if (pageCount * pageSize > source.sizeBytes + pageSize || directorySize > source.sizeBytes) {
    throw new SymbolFileError('is shorter than its header says; it is cut off.');
  }
  const directoryPages = Math.ceil(directorySize / pageSize);
  const pages = numbersOf(source.read(mapPage * pageSize, directoryPages * 4));
  const directory = numbersOf(
    streamOf(source, pageSize, pages, directorySize).read(0, directorySize - (directorySize % 4)),
  );
  return directoryOf(source, pageSize, directory);
}

function directoryOf(source: ByteSource, pageSize: number, directory: Uint32Array): MsfFile {
  const streamCount = directory[0] ?? 0;
  if (streamCount >= directory.length) throw new EndOfBytes();
  const firstPages = new Uint32Array(streamCount + 1);
  let next = 1 + streamCount;
  for (let i = 0; i < streamCount; i++) {
    firstPages[i] = next;
    const sizeBytes = directory[1 + i] ?? 0;
    if (sizeBytes !== NO_STREAM) next += Math.ceil(sizeBytes / pageSize);
    // A stream that is longer than the file would name its pages again and again.
    if (next > directory.length || (sizeBytes !== NO_STREAM && sizeBytes > source.sizeBytes))
      throw new EndOfBytes();
  }
  firstPages[streamCount] = next;
  return {
    streamCount,
    stream(index) {
      const sizeBytes = index < streamCount ? directory[1 + index] : undefined;
      if (sizeBytes === undefined || sizeBytes === NO_STREAM) return undefined;
      const pages = directory.subarray(firstPages[index], firstPages[index + 1]);
      return streamOf(source, pageSize, pages, sizeBytes);
    },
  };
}

/** A copy, because the bytes may lie at any place of their buffer. */
function numbersOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length >>> 2 }, (_, i) => view.getUint32(i * 4, true));
}

function streamOf(source: ByteSource, pageSize: number, pages: Uint32Array, sizeBytes: number): MsfStream {
  return {
    sizeBytes,
    read(offset, count) {
      if (offset < 0 || count < 0 || offset + count > sizeBytes) throw new EndOfBytes();
      const bytes = new Uint8Array(count);
      let done = 0;
      while (done < count) {
        const index = Math.floor((offset + done) / pageSize);
        const within = (offset + done) % pageSize;
        const first = pages[index] ?? 0;
        let run = 1;
        while (run * pageSize - within < count - done && pages[index + run] === first + run) run++;
        const size = Math.min(run * pageSize - within, count - done);
        bytes.set(source.read(first * pageSize + within, size), done);
        done += size;
      }
      return bytes;
    },
  };
}
