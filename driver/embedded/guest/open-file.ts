/** What can stand behind a descriptor of the guest: files, folders, devices, and streams without a position. */

import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import type { EpollSet } from './epoll';
import { fail } from './errno';
import type { Device, FileStatus, FileSystem, Node } from './file-system';
import { hostCall } from './host-files';
import type { MemoryFile } from './memory-nodes';

/** Something that is open. `offset` undefined reads and writes at the file's own position. */
export interface OpenFile {
  readonly status: () => FileStatus;
  read(sizeBytes: number, offset?: number): Uint8Array;
  write(bytes: Uint8Array, offset?: number): number;
  /** ESPIPE where there is no position. */
  seek(offset: number, whence: number): number;
  truncate(sizeBytes: number): void;
  /** Names of a directory and which of them comes next; `undefined` for what is no directory. */
  readonly directory: { readonly path: string; entries: DirectoryEntry[]; next: number } | undefined;
  readonly path: string | undefined;
  /** What `poll` says; missing for what is always ready. Reading or writing that would have to wait fails with EAGAIN. */
  readonly poll?: () => number;
  /** Counts what has come in: an edge-triggered wait looks for it. */
  readonly arrivals?: () => number;
  /** Bytes that can be read at once (FIONREAD); ENOTTY without. */
  readonly available?: () => number;
  /** Sockets only. */
  readonly shutDown?: (reading: boolean, writing: boolean) => void;
  /** What an epoll descriptor stands for. */
  readonly epoll?: EpollSet;
  /** O_APPEND: every write goes to the end. */
  append?: boolean;
  close(): void;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly inode: number;
  readonly kind: FileStatus['kind'];
}

const SEEK = { set: 0, current: 1, end: 2 } as const;

abstract class Positioned implements OpenFile {
  protected position = 0;
  readonly directory: OpenFile['directory'] = undefined;
  abstract readonly status: () => FileStatus;
  constructor(
    readonly path: string,
    public append: boolean,
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
    this.directory = { path: guest, entries: list(), next: 0 };
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
    this.directory.next = Math.max(0, offset);
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
  full: (sizeBytes: number) => new Uint8Array(sizeBytes),
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
  if (node.kind === 'device') return openDevice(node.device);
  if (status().kind === 'directory') {
    if (mode.write) fail('EISDIR');
    const entry = (name: string): DirectoryEntry => {
      const child = files.find(`${guest === '/' ? '' : guest}/${name}`, { followLast: false });
      const known = child === undefined ? undefined : files.linkStatus(child);
      return { name, inode: known?.inode ?? 1, kind: known?.kind ?? 'file' };
    };
    return new OpenDirectory(status, guest, () => ['.', '..', ...files.list(node)].map(entry));
  }
  const file = node.kind === 'host' && mode.write ? files.writable(guest) : node;
  if (file.kind === 'memory file')
    return new OpenMemoryFile(() => files.status(file), guest, file, mode.append, mode.write);
  return file.kind === 'host' ? new OpenHostFile(status, guest, file.hostPath) : fail('ELOOP');
}

function openDevice(device: Device): OpenFile {
  const write = (bytes: Uint8Array): number => (device === 'full' ? fail('ENOSPC') : bytes.length);
  return streamFile(DEVICE_READERS[device], write);
}
