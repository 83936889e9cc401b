/** The signature of a HyperDbg build, which both ends of the wire must share (driver-protocol 8.2). */

/** Major digit, first digit of minor and patch, date and minute of the build; a NUL ends it in the file. */
const FORM = /[0-9]\.[0-9]\.[0-9]-[0-9]{8}\.[0-9]{4}\0/g;

/** What every build of ours shows when no other is asked for. */
export const DEFAULT_SIGNATURE = '0.2.0-00000000.0000';

export function isBuildSignature(text: string): boolean {
  return new RegExp(`^${FORM.source}$`).test(`${text}\0`);
}

/** The signatures in the bytes of a `libhyperdbg.dll`, each once. */
export function findBuildSignatures(file: Uint8Array): string[] {
  const text = Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('latin1');
  return [...new Set([...text.matchAll(FORM)].map(([found]) => found.slice(0, -1)))];
}
