/**
 * Files as the guest sees them: the folders it was given at the paths they have on this computer, and a /tmp of its own.
 * What the guest creates lives in memory, in front of this computer's folders, and dies with the machine; so do its changes
 * of this computer's files, which it makes to copies. Nothing else of this computer can be reached: links that lead out of
 * the given folders end in ENOENT.
 */

import fs from 'node:fs';
import path from 'node:path';
import { fail } from './errno';
import { hostCall, isLink, realPath } from './host-files';
import { MAX_FILE_BYTES, MemoryDirectory, MemoryFile, MemoryLink, type MemoryNode } from './memory-nodes';

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'device' | 'pipe' | 'socket' | 'link';
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
  readonly inode: number;
  readonly modifiedMs: number;
  /** 1 when left out. */
  readonly links?: number;
}

/** What a path leads to. */
export type Node =
  | { readonly kind: 'host'; readonly hostPath: string }
  | MemoryNode
  | { readonly kind: 'device'; readonly device: Device };

export type Device = (typeof DEVICES)[keyof typeof DEVICES];

const MAX_LINKS = 16;
const TEMPORARY = '/tmp';
const DEVICES = {
  '/dev/null': 'null',
  '/dev/zero': 'zero',
  '/dev/full': 'full',
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

const { basename, dirname } = path.posix;

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
    if (node?.kind === 'memory link') return node.target;
    if (node?.kind !== 'host') return fail(node === undefined ? 'ENOENT' : 'EINVAL');
    return hostCall(() => fs.readlinkSync(node.hostPath));
  }

  /** What stands at an absolute, normalised guest path, or undefined. */
  find(guest: string, options: { followLast?: boolean } = {}): Node | undefined {
    if (guest === '/proc/self/exe') return this.find(this.#executable);
    const device = DEVICES[guest as keyof typeof DEVICES];
    if (device !== undefined) return { kind: 'device', device };
    const followLast = options.followLast ?? true;
    const direct = this.#resolveOwnLinks(guest, followLast);
    return this.#findOwn(direct) ?? this.#findHost(direct, followLast);
  }

  /** The path without the guest's own symbolic links. */
  #resolveOwnLinks(guest: string, followLast: boolean): string {
    let resolved = guest;
    for (let followed = 0; followed <= MAX_LINKS; followed++) {
      const next = this.#followOneLink(resolved, followLast);
      if (next === undefined) return resolved;
      resolved = next;
    }
    return fail('ELOOP');
  }

  #followOneLink(guest: string, followLast: boolean): string | undefined {
    const names = guest.split('/').filter(Boolean);
    let at = '';
    for (const [index, name] of names.entries()) {
      at = `${at}/${name}`;
      const isLast = index === names.length - 1;
      if (isLast && !followLast) return undefined;
      const node = this.#findOwn(at);
      if (node?.kind !== 'memory link') continue;
      return path.posix.resolve(dirname(at), node.target, ...names.slice(index + 1));
    }
    return undefined;
  }

  #findOwn(guest: string): MemoryNode | undefined {
    let above = guest;
    while (!this.#own.has(above) && above !== '/') above = dirname(above);
    let node: MemoryNode | undefined = this.#own.get(above);
    for (const name of guest.slice(above.length).split('/').filter(Boolean)) {
      node = node?.kind === 'memory directory' ? node.entries.get(name) : undefined;
    }
    return node;
  }

  #findHost(guest: string, followLast: boolean): Node | undefined {
    for (const [mount, real] of this.#readable) {
      if (guest !== mount && !guest.startsWith(`${mount}/`)) continue;
      if (this.#isRemoved(guest)) return undefined;
      const hostPath = path.join(real, ...guest.slice(mount.length).split('/'));
      if (!followLast && isLink(hostPath)) return { kind: 'host', hostPath };
      const target = realPath(hostPath);
      if (target === undefined || !this.#isInside(target)) continue;
      return this.#present(this.#guestPathOf(target), target);
    }
    return undefined;
  }

  /** A link of this computer can lead to what the guest has changed or removed. */
  #present(guest: string, hostPath: string): Node | undefined {
    const own = this.#findOwn(guest);
    if (own !== undefined) return own;
    return this.#isRemoved(guest) ? undefined : { kind: 'host', hostPath };
  }

  #isRemoved(guest: string): boolean {
    for (let at = guest; at !== '/'; at = dirname(at)) {
      if (this.#own.get(dirname(at))?.removed.has(basename(at)) === true) return true;
    }
    return false;
  }

  #isInside(real: string): boolean {
    return [...this.#readable.values()].some((root) => real === root || real.startsWith(root + path.sep));
  }

  /** Where the guest sees a real path of this computer that is inside of what it was given. */
  #guestPathOf(real: string): string {
    for (const [mount, root] of this.#readable) {
      if (real === root) return mount;
      if (real.startsWith(root + path.sep))
        return `${mount}/${real.slice(root.length + 1).replaceAll(path.sep, '/')}`;
    }
    return guestPath(real);
  }

  /** Creates an empty file. ENOENT without its folder. */
  createFile(guest: string): MemoryFile {
    const file = new MemoryFile();
    this.#create(this.#resolveOwnLinks(guest, true), file);
    return file;
  }

  /** EEXIST when there is something. */
  createDirectory(guest: string): MemoryDirectory {
    if (this.find(guest, { followLast: false }) !== undefined) fail('EEXIST');
    const directory = new MemoryDirectory();
    this.#create(guest, directory);
    return directory;
  }

  createLink(guest: string, target: string): void {
    if (this.find(guest, { followLast: false }) !== undefined) fail('EEXIST');
    this.#create(guest, new MemoryLink(target));
  }

  /** A second name for a file. */
  addName(guest: string, name: string): void {
    if (this.find(name, { followLast: false }) !== undefined) fail('EEXIST');
    const file = this.writable(guest);
    this.#create(name, file);
    file.links++;
  }

  #create(guest: string, node: MemoryNode): void {
    this.#parent(guest).put(basename(guest), node);
  }

  /** The file for writing: one of this computer's is copied into memory first, and stays as it is. */
  writable(guest: string): MemoryFile {
    const node = this.find(guest) ?? fail('ENOENT');
    if (node.kind === 'memory file') return node;
    if (node.kind !== 'host') return fail('EISDIR');
    const { kind, mode, modifiedMs } = this.status(node);
    if (kind === 'directory') return fail('EISDIR');
    const copy = new MemoryFile();
    copy.write(0, this.bytesOf(node));
    copy.mode = mode;
    copy.modifiedMs = modifiedMs;
    this.#create(this.#guestPathOf(node.hostPath), copy);
    return copy;
  }

  /** The whole file. EFBIG for one that does not fit into the guest's memory. */
  bytesOf(node: Node): Uint8Array {
    if (node.kind === 'memory file') return node.read(0, node.sizeBytes);
    if (node.kind !== 'host') return fail('EACCES');
    if (this.status(node).sizeBytes > MAX_FILE_BYTES) fail('EFBIG');
    return hostCall(() => fs.readFileSync(node.hostPath));
  }

  remove(guest: string, kind: 'file' | 'directory'): void {
    const node = this.find(guest, { followLast: false });
    if (node === undefined) return fail('ENOENT');
    if (node.kind === 'device') return fail('EACCES');
    const isDirectory = this.#isDirectory(node);
    if (kind === 'file' && isDirectory) return fail('EISDIR');
    if (kind === 'directory' && !isDirectory) return fail('ENOTDIR');
    if (isDirectory && this.list(node).length > 0) return fail('ENOTEMPTY');
    this.#parent(guest).take(basename(guest));
    this.#own.delete(guest);
  }

  #isDirectory(node: Node): boolean {
    if (node.kind !== 'host') return node.kind === 'memory directory';
    return !isLink(node.hostPath) && this.status(node).kind === 'directory';
  }

  rename(from: string, to: string): void {
    const found = this.find(from, { followLast: false });
    if (found === undefined) return fail('ENOENT');
    if (found.kind === 'device') return fail('EACCES');
    // As an overlay of Linux: who wants to move a whole folder copies it.
    const isShadow = found.kind === 'memory directory' && found.shadowed !== undefined;
    if (isShadow || (found.kind === 'host' && this.#isDirectory(found))) return fail('EXDEV');
    const node = found.kind === 'host' ? this.#movable(from, found.hostPath) : found;
    if (to === from) return;
    if (to.startsWith(`${from}/`)) return fail('EINVAL');
    const target = this.find(to, { followLast: false });
    if (target === node) return;
    const isDirectory = node.kind === 'memory directory';
    if (target !== undefined) this.#checkReplaced(target, isDirectory);
    const folder = this.#parent(to);
    if (target?.kind === 'memory file') target.links--;
    this.#parent(from).take(basename(from));
    folder.put(basename(to), node);
    // Taking a name away has counted it off.
    if (node.kind === 'memory file') node.links++;
  }

  #movable(guest: string, hostPath: string): MemoryNode {
    return isLink(hostPath)
      ? new MemoryLink(hostCall(() => fs.readlinkSync(hostPath)))
      : this.writable(guest);
  }

  #checkReplaced(target: Node, byDirectory: boolean): void {
    const isDirectory = this.#isDirectory(target);
    if (isDirectory && !byDirectory) fail('EISDIR');
    if (!isDirectory && byDirectory) fail('ENOTDIR');
    if (isDirectory && this.list(target).length > 0) fail('ENOTEMPTY');
  }

  #parent(guest: string): MemoryDirectory {
    const folder = this.#resolveOwnLinks(dirname(guest), true);
    const node = this.find(folder);
    if (node?.kind === 'host' && this.status(node).kind === 'directory') {
      const shadow = new MemoryDirectory(node.hostPath);
      shadow.mode = this.status(node).mode;
      this.#own.set(this.#guestPathOf(node.hostPath), shadow);
      return shadow;
    }
    if (node?.kind !== 'memory directory') return fail(node === undefined ? 'ENOENT' : 'ENOTDIR');
    return node;
  }

  status(node: Node): FileStatus {
    switch (node.kind) {
      case 'memory file': {
        const { sizeBytes, mode, inode, modifiedMs, links } = node;
        return { kind: 'file', sizeBytes, mode, inode, modifiedMs, links };
      }
      case 'memory directory': {
        const { mode, inode, modifiedMs } = node;
        return { kind: 'directory', sizeBytes: 4096, mode, inode, modifiedMs, links: 2 };
      }
      case 'memory link': {
        const { inode, modifiedMs, target } = node;
        return { kind: 'link', sizeBytes: Buffer.byteLength(target), mode: 0o777, inode, modifiedMs };
      }
      case 'device':
        return { kind: 'device', sizeBytes: 0, mode: 0o666, inode: 1, modifiedMs: 0 };
      case 'host': {
        const status = hostCall(() => fs.statSync(node.hostPath));
        const kind = status.isDirectory() ? 'directory' : 'file';
        const { size: sizeBytes, ino: inode, mtimeMs: modifiedMs, nlink: links } = status;
        return { kind, sizeBytes, mode: status.mode & 0o777, inode, modifiedMs, links };
      }
    }
  }

  /** As `status`, of a link itself. */
  linkStatus(node: Node): FileStatus {
    if (node.kind !== 'host' || !isLink(node.hostPath)) return this.status(node);
    const { size, ino, mtimeMs } = hostCall(() => fs.lstatSync(node.hostPath));
    return { kind: 'link', sizeBytes: size, mode: 0o777, inode: ino, modifiedMs: mtimeMs };
  }

  /** Names in a directory, without `.` and `..`. */
  list(node: Node): string[] {
    if (node.kind === 'memory directory') {
      const { shadowed, removed } = node;
      const below = shadowed === undefined ? [] : hostCall(() => fs.readdirSync(shadowed));
      return [...new Set([...node.entries.keys(), ...below.filter((name) => !removed.has(name))])];
    }
    if (node.kind === 'host') return hostCall(() => fs.readdirSync(node.hostPath));
    return fail('ENOTDIR');
  }
}
