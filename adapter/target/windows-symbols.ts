import path from 'node:path';
import type { Debuggee, TargetModule } from '../../driver/debuggee';
import { SymbolFileError, memorySource } from '../symbols/byte-source';
import { codeViewRecords, PeDirectory, pdbIdentityOf, type PeImage, readPe } from '../symbols/pe/pe-image';
import { findImage, findPdb } from '../symbols/symbol-path';
import { windowsModule, type WindowsModule } from '../symbols/windows-module';

/** Headers fit in a page: an image has at most 96 sections. */
const HEADER_BYTES = 4096;
const MAX_DEBUG_DIRECTORY_BYTES = 64 * 28;
/** Of a module whose debug data would lie further away, the identity is not read: it would be a gap of that size here. */
const MAX_IMAGE_BYTES = 256 * 1024 * 1024;

/**
 * Symbols of a Windows module from the folders of `symbolPath`. The identity comes from the module's headers in the target's
 * memory, so its own file is not needed; where a folder has it too, exports and unwind data are taken from it. Undefined where
 * the memory holds no image. `report` gets sentences about files that do not fit.
 */
export async function windowsSymbols(
  debuggee: Pick<Debuggee, 'readMemory'>,
  module: TargetModule,
  symbolPath: readonly string[],
  report: (sentence: string) => void,
): Promise<WindowsModule | undefined> {
  const image = await imageInMemory(debuggee, module.baseAddress);
  if (image === undefined) return undefined;
  const name = path.win32.basename(module.path);
  const file = findImage(name, image, symbolPath);
  const identity = pdbIdentityOf(image) ?? (file.value === undefined ? undefined : pdbIdentityOf(file.value));
  const pdb = identity === undefined ? undefined : findPdb(identity, symbolPath);
  for (const problem of [...file.problems, ...(pdb?.problems ?? [])]) report(problem);
  return windowsModule(file.value ?? image, pdb?.value, file.value !== undefined);
}

/** The headers and the identity of the PDB, read from a target in three requests. */
async function imageInMemory(
  debuggee: Pick<Debuggee, 'readMemory'>,
  baseAddress: bigint,
): Promise<PeImage | undefined> {
  const header = await debuggee.readMemory(baseAddress, HEADER_BYTES);
  const first = openImage(header);
  if (first === undefined) return undefined;
  const pieces = [{ rva: 0, bytes: header }];
  const fetch = async (rva: number, sizeBytes: number): Promise<void> => {
    if (sizeBytes === 0 || rva + sizeBytes > Math.min(first.imageSizeBytes, MAX_IMAGE_BYTES)) return;
    pieces.push({ rva, bytes: await debuggee.readMemory(baseAddress + BigInt(rva), sizeBytes) });
  };
  const directory = first.directory(PeDirectory.debug);
  await fetch(directory.rva, Math.min(directory.sizeBytes, MAX_DEBUG_DIRECTORY_BYTES));
  const second = openImage(joined(pieces)) ?? first;
  for (const { rva, sizeBytes } of codeViewRecords(second)) await fetch(rva, sizeBytes);
  return openImage(joined(pieces)) ?? first;
}

function openImage(bytes: Uint8Array): PeImage | undefined {
  try {
    return readPe(memorySource(bytes), 'memory');
  } catch (error) {
    // What lies there is no image, or is paged out.
    if (error instanceof SymbolFileError) return undefined;
    throw error;
  }
}

/** What was read, at its places; what was not is zero. */
function joined(pieces: readonly { readonly rva: number; readonly bytes: Uint8Array }[]): Uint8Array {
  const size = Math.max(...pieces.map(({ rva, bytes }) => rva + bytes.length));
  const image = new Uint8Array(size);
  for (const { rva, bytes } of pieces) image.set(bytes, rva);
  return image;
}
