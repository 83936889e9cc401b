/**
 * Which driver is in a folder, told from its file. Opening the device of a driver before 0.19 starts VMX already, so an old
 * one has to be refused before (driver-protocol 11).
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DriverError } from '../driver-error';

export const DRIVER_FILE = 'hyperkd.sys';

export interface DriverVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

export interface DriverImage {
  readonly file: string;
  readonly sha256: string;
  readonly version: DriverVersion;
}

/** A build whose file carries no version of its own: named by its hash. */
export interface KnownBuild {
  readonly sha256: string;
  readonly version: DriverVersion;
}

/**
 * What each release changed for this client (driver-protocol 11). `isServed`: the codes and records are those that we send.
 * A release newer than the last row is served as the last one.
 */
const RELEASES: readonly {
  readonly from: DriverVersion;
  readonly isServed: boolean;
  readonly why: string;
}[] = [
  {
    from: { major: 0, minor: 2, patch: 0 },
    isServed: false,
    why: 'its request codes are flat, and opening it starts the hypervisor',
  },
  { from: { major: 0, minor: 19, patch: 0 }, isServed: true, why: 'grouped codes, INIT_VMM' },
];

/** VS_FIXEDFILEINFO begins with this number; the file version follows 8 bytes behind its start. */
const FIXED_INFO = Buffer.from([0xbd, 0x04, 0xef, 0xfe]);
const STRUCTURE_VERSION = 0x10000;
const VERSION_OFFSET = 8;
const FIXED_INFO_BYTES = 52;

/** Reads the driver's file. Rejects with DriverError when it is not there, too old, or does not tell what it is. */
export async function readDriverImage(
  folder: string,
  knownBuilds: readonly KnownBuild[] = [],
): Promise<DriverImage> {
  const operation = 'Looking for the driver';
  const file = path.join(folder, DRIVER_FILE);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch {
    const what = `there is no readable ${DRIVER_FILE} in ${folder}; name the folder of a HyperDbg release`;
    throw new DriverError(operation, undefined, what);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const known = knownBuilds.find((build) => build.sha256.toLowerCase() === sha256);
  const version = known?.version ?? fileVersion(bytes);
  if (version === undefined) {
    const what = `${file} has no version of its own and its SHA-256 ${sha256} is not among the known builds; name it there with its version`;
    throw new DriverError(operation, undefined, what);
  }
  const release = releaseOf(version);
  if (release?.isServed !== true) {
    const why = release?.why ?? 'no release before 0.2 is known';
    const what = `${file} is version ${versionText(version)}: ${why}. Use HyperDbg 0.19 or newer`;
    throw new DriverError(operation, undefined, what);
  }
  return { file, sha256, version };
}

/** The version resource's file version, or undefined for a file without one. */
export function fileVersion(image: Uint8Array): DriverVersion | undefined {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  for (let at = bytes.indexOf(FIXED_INFO); at >= 0; at = bytes.indexOf(FIXED_INFO, at + 1)) {
    if (at + FIXED_INFO_BYTES > bytes.length) return undefined;
    if (bytes.readUInt32LE(at + FIXED_INFO.length) !== STRUCTURE_VERSION) continue;
    const high = bytes.readUInt32LE(at + VERSION_OFFSET);
    const low = bytes.readUInt32LE(at + VERSION_OFFSET + 4);
    return { major: high >>> 16, minor: high & 0xffff, patch: low >>> 16 };
  }
  return undefined;
}

function releaseOf(version: DriverVersion) {
  return RELEASES.findLast(({ from }) => order(from, version) <= 0);
}

function order(a: DriverVersion, b: DriverVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

export function versionText({ major, minor, patch }: DriverVersion): string {
  return `${major}.${minor}${patch === 0 ? '' : `.${patch}`}`;
}
