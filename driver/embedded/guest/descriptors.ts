/** Open files of the guest: its descriptor table and what can stand behind a descriptor. */

import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import { fail } from './errno';
import { hostCall, type FileStatus, type FileSystem, type MemoryFile, type Node } from './file-system';

/** Something that is open. `offset` undefined reads and writes at the file's own position. */
export interface OpenFile {
  readonly status: () => FileStatus;
  read(sizeBytes: number, offset?: number): Uint8Array;
  write(bytes: Uint8Array, offset?: number): number;
  /** ESPIPE where there is no position. */
  seek(offset: number, whence: number): number;
  truncate(sizeBytes: number): void;
  /** Names of a directory that have not been handed out yet; `undefined` for what is no directory. */
  readonly directory: { readonly path: string; entries: DirectoryEntry[] } | undefined;
  readonly path: string | undefined;
  /** Where reading can have to wait: whether there is something to read, or the end. */
  readonly isReadable?: () => boolean;
  close(): void;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly inode: number;
  readonly isDirectory: boolean;
}

const SEEK = { set: 0, current: 1, end: 2 } as const;

abstract class Positioned implements OpenFile {
  protected position = 0;
  readonly directory: OpenFile['directory'] = undefined;
  abstract readonly status: () => FileStatus;
  constructor(
    readonly path: string,
    private readonly append: boolean,
  ) {}

  read(sizeBytes: number, offset?: number): Uint8Array {
    const bytes = this.readAt(offset ?? this.position, sizeBytes);
    if (offset === undefined) this.position += bytes.length;
    return bytes;
  }

  write(bytes: Uint8Array, offset?: number): number {
    const at = offset ?? (this.append ? this.status().sizeBytes : this.position);
    this.writeAt(at, bytes);
    if (offset === undefined) this.position = at + bytes.length;
    return bytes.length;
  }

  seek(offset: number, whence: number): number {
    const base =
      whence === SEEK.set
        ? 0
        : whence === SEEK.current
          ? this.position
          : whence === SEEK.end
            ? this.status().sizeBytes
            : fail('EINVAL');
    if (base + offset < 0) fail('EINVAL');
    this.position = base + offset;
    return this.position;
  }

  abstract readAt(offset: number, sizeBytes: number): Uint8Array;
  abstract writeAt(offset: number, bytes: Uint8Array): void;
  abstract truncate(sizeBytes: number): void;
  close(): void {
    // Nothing is held; subclasses that hold something say so.
  }
}

class OpenHostFile extends Positioned {
  readonly #handle: number;

  constructor(
    readonly status: () => FileStatus,
    guest: string,
    hostPath: string,
  ) {
    super(guest, false);
    this.#handle = hostCall(() => fs.openSync(hostPath, 'r'));
  }

  readAt(offset: number, sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    const read = hostCall(() => fs.readSync(this.#handle, bytes, 0, sizeBytes, offset));
    return bytes.subarray(0, read);
  }
  writeAt(): void {
    fail('EBADF');
  }
  truncate(): void {
    fail('EINVAL');
  }
  override close(): void {
    fs.closeSync(this.#handle);
  }
}

class OpenMemoryFile extends Positioned {
  constructor(
    readonly status: () => FileStatus,
    guest: string,
    readonly file: MemoryFile,
    append: boolean,
    readonly writable: boolean,
  ) {
    super(guest, append);
  }
  readAt(offset: number, sizeBytes: number): Uint8Array {
    return this.file.read(offset, sizeBytes);
  }
  writeAt(offset: number, bytes: Uint8Array): void {
    if (!this.writable) fail('EBADF');
    this.file.write(offset, bytes);
  }
  truncate(sizeBytes: number): void {
    if (!this.writable) fail('EINVAL');
    this.file.resize(sizeBytes);
  }
}

class OpenDirectory extends Positioned {
  override readonly directory: NonNullable<OpenFile['directory']>;
  constructor(
    readonly status: () => FileStatus,
    guest: string,
    private readonly list: () => DirectoryEntry[],
  ) {
    super(guest, false);
    this.directory = { path: guest, entries: list() };
  }
  readAt(): Uint8Array {
    return fail('EISDIR');
  }
  writeAt(): void {
    fail('EBADF');
  }
  truncate(): void {
    fail('EINVAL');
  }
  override seek(offset: number): number {
    if (offset === 0) this.directory.entries = this.list();
    return offset;
  }
}

const DEVICE_STATUS: FileStatus = { kind: 'device', sizeBytes: 0, mode: 0o666, inode: 1, modifiedMs: 0 };

/** A stream without a position: devices, the console, pipes. */
export function streamFile(
  read: (sizeBytes: number) => Uint8Array,
  write: (bytes: Uint8Array) => number,
  status: FileStatus = DEVICE_STATUS,
): OpenFile {
  return {
    status: () => status,
    read,
    write,
    seek: () => fail('ESPIPE'),
    truncate: () => fail('EINVAL'),
    directory: undefined,
    path: undefined,
    close: () => undefined,
  };
}

const DEVICE_READERS = {
  null: () => new Uint8Array(0),
  zero: (sizeBytes: number) => new Uint8Array(sizeBytes),
  random: (sizeBytes: number) => randomFillSync(new Uint8Array(sizeBytes)),
};

/** Opens what `FileSystem.find` gave. */
export function openNode(
  files: FileSystem,
  guest: string,
  node: Node,
  mode: { readonly write: boolean; readonly append: boolean },
): OpenFile {
  const status = (): FileStatus => files.status(node);
  if (node.kind === 'device') return streamFile(DEVICE_READERS[node.device], (bytes) => bytes.length);
  if (status().kind === 'directory') {
    if (mode.write) fail('EISDIR');
    const entry = (name: string): DirectoryEntry => {
      const child = files.find(`${guest === '/' ? '' : guest}/${name}`);
      const known = child === undefined ? undefined : files.status(child);
      return { name, inode: known?.inode ?? 1, isDirectory: known?.kind === 'directory' };
    };
    return new OpenDirectory(status, guest, () => ['.', '..', ...files.list(node)].map(entry));
  }
  if (node.kind === 'memory file') return new OpenMemoryFile(status, guest, node, mode.append, mode.write);
  if (node.kind === 'memory directory') return fail('EISDIR');
  if (mode.write) fail('EROFS');
  return new OpenHostFile(status, guest, node.hostPath);
}

const MAX_DESCRIPTORS = 1024;

export class Descriptors {
  readonly #open = new Map<number, OpenFile>();
  readonly closeOnExec = new Set<number>();

  get(descriptor: number): OpenFile {
    return this.#open.get(descriptor) ?? fail('EBADF');
  }

  /** Takes the lowest free number from `lowest` on. */
  add(file: OpenFile, lowest = 0): number {
    for (let descriptor = lowest; descriptor < MAX_DESCRIPTORS; descriptor++) {
      if (this.#open.has(descriptor)) continue;
      this.#open.set(descriptor, file);
      return descriptor;
    }
    return fail('EMFILE');
  }

  /** Puts the file at `descriptor`, closing what was there. */
  replace(descriptor: number, file: OpenFile): void {
    if (descriptor < 0 || descriptor >= MAX_DESCRIPTORS) fail('EBADF');
    if (this.#open.has(descriptor)) this.close(descriptor);
    this.#open.set(descriptor, file);
  }

  close(descriptor: number): void {
    const file = this.get(descriptor);
    this.#open.delete(descriptor);
    this.closeOnExec.delete(descriptor);
    // A duplicate keeps the file open.
    if (![...this.#open.values()].includes(file)) file.close();
  }

  closeAll(): void {
    for (const descriptor of [...this.#open.keys()]) this.close(descriptor);
  }
}
