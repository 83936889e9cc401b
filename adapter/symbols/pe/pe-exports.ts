import { ByteCursor, EndOfBytes } from '../byte-cursor';
import { PeDirectory, type PeImage } from './pe-image';

export interface PeExport {
  readonly name: string;
  readonly ordinal: number;
  readonly rva: number;
  /** `module.function` where the export is another module's. */
  readonly forwardedTo: string | undefined;
}

const MAX_NAME_BYTES = 4096;
/** Ordinals are 16 bits wide. */
const MAX_EXPORTS = 65_536;

/** The exports that have a name. Those that a damaged table hides are left out. */
export function readExports(image: PeImage): PeExport[] {
  const { rva: start, sizeBytes } = image.directory(PeDirectory.export);
  const exports: PeExport[] = [];
  if (start === 0) return exports;
  try {
    const header = new ByteCursor(image.bytesAt(start, 40));
    header.seek(16);
    const ordinalBase = header.u32();
    const addressCount = Math.min(header.u32(), MAX_EXPORTS);
    const nameCount = Math.min(header.u32(), MAX_EXPORTS);
    const addressTable = new ByteCursor(image.bytesAt(header.u32(), addressCount * 4));
    const nameTable = new ByteCursor(image.bytesAt(header.u32(), nameCount * 4));
    const ordinalTable = new ByteCursor(image.bytesAt(header.u32(), nameCount * 2));
    for (let i = 0; i < nameCount; i++) {
      const name = textAt(image, nameTable.u32());
      const index = ordinalTable.u16();
      if (index >= addressCount) continue;
      addressTable.seek(index * 4);
      const rva = addressTable.u32();
      // An address inside of the export directory is the text of a forwarder.
      const isForwarder = rva >= start && rva < start + sizeBytes;
      const forwardedTo = isForwarder ? textAt(image, rva) : undefined;
      exports.push({ name, ordinal: ordinalBase + index, rva, forwardedTo });
    }
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
  }
  return exports;
}

function textAt(image: PeImage, rva: number): string {
  return new ByteCursor(image.bytesUpTo(rva, MAX_NAME_BYTES)).text();
}
