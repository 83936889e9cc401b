/** Files, folders and links that live in the machine's memory and die with it. */

import { fail } from './errno';

/** A guest that fills its files must not fill this computer's memory. */
export const MAX_FILE_BYTES = 64 << 20;

let nextInode = 1000;

export class MemoryFile {
  readonly kind = 'memory file';
  readonly inode = nextInode++;
  modifiedMs = Date.now();
  mode = 0o644;
  /** Names that lead to it. */
  links = 1;
  #bytes = new Uint8Array(0);
  #size = 0;

  get sizeBytes(): number {
    return this.#size;
  }

  read(offset: number, sizeBytes: number): Uint8Array {
    return this.#bytes.slice(offset, Math.min(offset + sizeBytes, this.#size));
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
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

export class MemoryLink {
  readonly kind = 'memory link';
  readonly inode = nextInode++;
  readonly modifiedMs = Date.now();
  constructor(readonly target: string) {}
}

export type MemoryNode = MemoryFile | MemoryDirectory | MemoryLink;

export class MemoryDirectory {
  readonly kind = 'memory directory';
  readonly inode = nextInode++;
  modifiedMs = Date.now();
  mode = 0o755;
  readonly entries = new Map<string, MemoryNode>();
  /** Names of this computer's folder that the guest has removed or renamed. */
  readonly removed = new Set<string>();
  /** `shadowed`: the folder of this computer that it stands in front of. */
  constructor(readonly shadowed?: string) {}

  put(name: string, node: MemoryNode): void {
    this.entries.set(name, node);
    this.modifiedMs = Date.now();
  }

  take(name: string): void {
    const node = this.entries.get(name);
    if (node?.kind === 'memory file') node.links--;
    this.entries.delete(name);
    if (this.shadowed !== undefined) this.removed.add(name);
    this.modifiedMs = Date.now();
  }
}
