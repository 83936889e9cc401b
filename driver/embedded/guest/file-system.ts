/**
 * Files as the guest sees them: the folders it was given at the paths they have on this computer, and a /tmp of its own.
 * What the guest creates lives in memory, in front of this computer's folders, and dies with the machine. Nothing else of this computer can be reached: links that lead
 * out of the given folders end in ENOENT.
 */

import fs from 'node:fs';
import path from 'node:path';
import { fail, GuestError, type ErrorName } from './errno';

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'device' | 'pipe';
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
  readonly inode: number;
  readonly modifiedMs: number;
}

/** What a path leads to. */
export type Node =
  | { readonly kind: 'host'; readonly hostPath: string }
  | MemoryFile
  | MemoryDirectory
  | { readonly kind: 'device'; readonly device: 'null' | 'zero' | 'random' };

export class MemoryFile {
  readonly kind = 'memory file';
  readonly inode = nextInode++;
  modifiedMs = Date.now();
  #bytes = new Uint8Array(0);
  #size = 0;

  get sizeBytes(): number {
    return this.#size;
  }

  read(offset: number, sizeBytes: number): Uint8Array {
    return this.#bytes.slice(offset, Math.min(offset + sizeBytes, this.#size));
  }

  write(offset: number, bytes: Uint8Array): void {
    this.resize(Math.max(this.#size, offset + bytes.length));
    this.#bytes.set(bytes, offset);
    this.modifiedMs = Date.now();
  }

  resize(sizeBytes: number): void {
    if (sizeBytes > MAX_FILE_BYTES) fail('EFBIG');
    if (sizeBytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(sizeBytes, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    } else {
      this.#bytes.fill(0, Math.min(sizeBytes, this.#size), this.#size);
    }
    this.#size = sizeBytes;
  }
}

export class MemoryDirectory {
  readonly kind = 'memory directory';
  readonly inode = nextInode++;
  readonly entries = new Map<string, MemoryFile | MemoryDirectory>();
  /** `shadowed`: the folder of this computer that it stands in front of. */
  constructor(readonly shadowed?: string) {}
}

let nextInode = 1000;
/** A guest that fills its /tmp must not fill this computer's memory. */
const MAX_FILE_BYTES = 64 << 20;
const TEMPORARY = '/tmp';
const DEVICES = {
  '/dev/null': 'null',
  '/dev/zero': 'zero',
  '/dev/urandom': 'random',
  '/dev/random': 'random',
} as const;
/** What a dynamically linked program needs of this computer. */
export const LIBRARY_FOLDERS = [
  '/lib',
  '/lib64',
  '/usr/lib',
  '/usr/lib64',
  '/usr/local/lib',
  '/etc/ld.so.cache',
];

/** Guest path of a path of this computer: the same on Linux and macOS, `C:\a` is `/C/a`. */
export function guestPath(hostPath: string): string {
  const absolute = path.resolve(hostPath);
  return path.sep === '/' ? absolute : `/${absolute.replace(':', '').replaceAll(path.sep, '/')}`;
}

export class FileSystem {
  /** Guest path of a readable folder or file → its real path here. */
  readonly #readable = new Map<string, string>();
  /** Folders of the guest's own by guest path; the one that is nearest above a path decides. */
  readonly #own = new Map<string, MemoryDirectory>([[TEMPORARY, new MemoryDirectory()]]);
  readonly #executable: string;

  /** `executable` is the guest path that /proc/self/exe leads to. Folders that do not exist are left out. */
  constructor(executable: string, readableHostPaths: readonly string[]) {
    this.#executable = executable;
    for (const hostPath of readableHostPaths) {
      if (fs.existsSync(hostPath)) this.#readable.set(guestPath(hostPath), fs.realpathSync(hostPath));
    }
  }

  /** Target of a symbolic link; EINVAL for anything else. */
  readLink(guest: string): string {
    if (guest === '/proc/self/exe') return this.#executable;
    const node = this.find(guest, { followLast: false });
    if (node?.kind !== 'host') return fail(node === undefined ? 'ENOENT' : 'EINVAL');
    return hostCall(() => fs.readlinkSync(node.hostPath));
  }

  /** What stands at an absolute, normalised guest path, or undefined. */
  find(guest: string, options: { followLast?: boolean } = {}): Node | undefined {
    if (guest === '/proc/self/exe') return this.find(this.#executable);
    const device = DEVICES[guest as keyof typeof DEVICES];
    if (device !== undefined) return { kind: 'device', device };
    const own = this.#findOwn(guest);
    if (own !== undefined) return own;
    return this.#findHost(guest, options.followLast ?? true);
  }

  #findOwn(guest: string): MemoryFile | MemoryDirectory | undefined {
    let above = guest;
    while (!this.#own.has(above) && above !== '/') above = path.posix.dirname(above);
    let node: MemoryFile | MemoryDirectory | undefined = this.#own.get(above);
    for (const name of guest.slice(above.length).split('/').filter(Boolean)) {
      node = node?.kind === 'memory directory' ? node.entries.get(name) : undefined;
    }
    return node;
  }

  #findHost(guest: string, followLast: boolean): Node | undefined {
    for (const [mount, real] of this.#readable) {
      if (guest !== mount && !guest.startsWith(`${mount}/`)) continue;
      const hostPath = path.join(real, ...guest.slice(mount.length).split('/'));
      if (!followLast && isLink(hostPath)) return { kind: 'host', hostPath };
      const target = realPath(hostPath);
      if (target !== undefined && this.#isInside(target)) return { kind: 'host', hostPath: target };
    }
    return undefined;
  }

  #isInside(real: string): boolean {
    return [...this.#readable.values()].some((root) => real === root || real.startsWith(root + path.sep));
  }

  /** Creates an empty file. ENOENT without its folder. */
  createFile(guest: string): MemoryFile {
    const file = new MemoryFile();
    this.#parent(guest).entries.set(path.posix.basename(guest), file);
    return file;
  }

  createDirectory(guest: string): void {
    if (this.find(guest) !== undefined) fail('EEXIST');
    this.#parent(guest).entries.set(path.posix.basename(guest), new MemoryDirectory());
  }

  remove(guest: string, kind: 'file' | 'directory'): void {
    const node = this.find(guest);
    if (node === undefined) return fail('ENOENT');
    if (node.kind === 'host' || node.kind === 'device') return fail('EROFS');
    if (kind === 'file' && node.kind === 'memory directory') return fail('EISDIR');
    if (kind === 'directory' && node.kind === 'memory file') return fail('ENOTDIR');
    if (node.kind === 'memory directory' && node.shadowed !== undefined) return fail('EROFS');
    if (node.kind === 'memory directory' && node.entries.size > 0) return fail('ENOTEMPTY');
    this.#parent(guest).entries.delete(path.posix.basename(guest));
  }

  rename(from: string, to: string): void {
    const node = this.#findOwn(from);
    if (node === undefined) return fail(this.find(from) === undefined ? 'ENOENT' : 'EROFS');
    const target = this.#parent(to);
    this.#parent(from).entries.delete(path.posix.basename(from));
    target.entries.set(path.posix.basename(to), node);
  }

  #parent(guest: string): MemoryDirectory {
    const folder = path.posix.dirname(guest);
    const node = this.find(folder);
    if (node?.kind === 'host' && this.status(node).kind === 'directory') {
      const shadow = new MemoryDirectory(node.hostPath);
      this.#own.set(folder, shadow);
      return shadow;
    }
    if (node?.kind !== 'memory directory') return fail(node === undefined ? 'ENOENT' : 'ENOTDIR');
    return node;
  }

  status(node: Node): FileStatus {
    switch (node.kind) {
      case 'memory file':
        return {
          kind: 'file',
          sizeBytes: node.sizeBytes,
          mode: 0o644,
          ...stamps(node.inode, node.modifiedMs),
        };
      case 'memory directory':
        return { kind: 'directory', sizeBytes: 4096, mode: 0o755, ...stamps(node.inode, 0) };
      case 'device':
        return { kind: 'device', sizeBytes: 0, mode: 0o666, ...stamps(1, 0) };
      case 'host': {
        const status = hostCall(() => fs.statSync(node.hostPath));
        const kind = status.isDirectory() ? 'directory' : 'file';
        // Nothing of this computer is writable for the guest, whatever its permissions here.
        const mode = status.mode & 0o555;
        return { kind, sizeBytes: status.size, mode, inode: status.ino, modifiedMs: status.mtimeMs };
      }
    }
  }

  /** Names in a directory, without `.` and `..`. */
  list(node: Node): string[] {
    if (node.kind === 'memory directory') {
      const { shadowed } = node;
      const below = shadowed === undefined ? [] : hostCall(() => fs.readdirSync(shadowed));
      return [...new Set([...node.entries.keys(), ...below])];
    }
    if (node.kind === 'host') return hostCall(() => fs.readdirSync(node.hostPath));
    return fail('ENOTDIR');
  }
}

function stamps(inode: number, modifiedMs: number): { inode: number; modifiedMs: number } {
  return { inode, modifiedMs };
}

function isLink(hostPath: string): boolean {
  return fs.lstatSync(hostPath, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function realPath(hostPath: string): string | undefined {
  try {
    return fs.realpathSync(hostPath);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

const HOST_ERRORS: Readonly<Record<string, ErrorName>> = {
  ENOENT: 'ENOENT',
  ENOTDIR: 'ENOTDIR',
  EACCES: 'EACCES',
  EPERM: 'EACCES',
  EISDIR: 'EISDIR',
  EINVAL: 'EINVAL',
  ELOOP: 'ELOOP',
};

/** Runs a call on this computer's files; its errors become the guest's. */
export function hostCall<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (isSystemError(error)) throw new GuestError(HOST_ERRORS[error.code ?? ''] ?? 'EIO');
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error;
}
