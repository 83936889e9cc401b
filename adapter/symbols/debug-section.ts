import { inflateSync } from 'node:zlib';
import type { ElfImage } from './elf-image';

const SHF_COMPRESSED = 0x800n;
const ELFCOMPRESS_ZLIB = 1;
const COMPRESSION_HEADER_BYTES = 24;

/** Contents of a section with debug information, unpacked; undefined when it is missing or damaged. */
export function debugSection(image: ElfImage, name: string): Uint8Array | undefined {
  const section = image.sectionNamed(name);
  const bytes = image.sectionBytes(name);
  if (section === undefined || bytes === undefined) return undefined;
  if ((section.flags & SHF_COMPRESSED) === 0n) return bytes;
  if (bytes.length < COMPRESSION_HEADER_BYTES) return undefined;
  const type = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  if (type !== ELFCOMPRESS_ZLIB) return undefined;
  try {
    return inflateSync(bytes.subarray(COMPRESSION_HEADER_BYTES));
  } catch (error) {
    // A damaged section costs the debug information, not the session.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
