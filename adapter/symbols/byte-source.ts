import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { EndOfBytes } from './byte-cursor';

/** A file that is read in pieces: symbol files are too large to be taken as a whole. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Exactly `sizeBytes` bytes. Throws EndOfBytes where the file has fewer. */
  read(offset: number, sizeBytes: number): Uint8Array;
  close(): void;
}

/** A file that is not what its name says, or damaged. The message ends a sentence that starts with the file's name. */
export class SymbolFileError extends Error {
  override readonly name = 'SymbolFileError';
}

/** The bytes of a file that is in memory already. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read(offset, sizeBytes) {
      checkRange(offset, sizeBytes, bytes.length);
      return bytes.subarray(offset, offset + sizeBytes);
    },
    close: () => undefined,
  };
}

/** Opens a file for reading in pieces. Throws what the file system throws, and SymbolFileError for what is no file. */
export function fileSource(file: string): ByteSource {
  const descriptor = openSync(file, 'r');
  const state = fstatSync(descriptor);
  if (!state.isFile()) {
    closeSync(descriptor);
    throw new SymbolFileError('is not a regular file.');
  }
  let isOpen = true;
  return {
    sizeBytes: state.size,
    read(offset, sizeBytes) {
      checkRange(offset, sizeBytes, state.size);
      if (!isOpen) throw new EndOfBytes();
      const bytes = new Uint8Array(sizeBytes);
      let done = 0;
      while (done < sizeBytes) {
        const count = readSync(descriptor, bytes, done, sizeBytes - done, offset + done);
        if (count === 0) throw new EndOfBytes();
        done += count;
      }
      return bytes;
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

function checkRange(offset: number, sizeBytes: number, end: number): void {
  if (offset < 0 || sizeBytes < 0 || offset + sizeBytes > end) throw new EndOfBytes();
}
