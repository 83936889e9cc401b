/** The descriptor table of a guest process. */

import { fail } from './errno';
import type { OpenFile } from './open-file';

export const OPEN_FLAG = {
  accessMode: 3,
  readOnly: 0,
  writeOnly: 1,
  readWrite: 2,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
  append: 0o2000,
  nonBlocking: 0o4000,
  directory: 0o200000,
  noFollow: 0o400000,
  closeOnExec: 0o2000000,
  path: 0o10000000,
} as const;

/** What `open` makes: copies of a descriptor, also in other processes, share it. */
export interface Description {
  readonly file: OpenFile;
  /** Access mode and the flags that F_GETFL tells. */
  flags: number;
  references: number;
}

export interface AddOptions {
  /** The lowest free number from here on is taken. */
  readonly lowest?: number;
  readonly closeOnExec?: boolean;
  /** Access mode and status flags; reading and writing when left out. */
  readonly flags?: number;
}

const MAX_DESCRIPTORS = 1024;

export class Descriptors {
  readonly #open = new Map<number, Description>();
  readonly #closeOnExec = new Set<number>();

  description(descriptor: number): Description {
    return this.#open.get(descriptor) ?? fail('EBADF');
  }

  get(descriptor: number): OpenFile {
    return this.description(descriptor).file;
  }

  get numbers(): readonly number[] {
    return [...this.#open.keys()].sort((a, b) => a - b);
  }

  add(file: OpenFile, options: AddOptions = {}): number {
    const flags = options.flags ?? OPEN_FLAG.readWrite;
    return this.#addDescription({ file, flags, references: 0 }, options);
  }

  #addDescription(description: Description, { lowest = 0, closeOnExec = false }: AddOptions): number {
    if (lowest < 0 || lowest >= MAX_DESCRIPTORS) return fail('EINVAL');
    for (let descriptor = lowest; descriptor < MAX_DESCRIPTORS; descriptor++) {
      if (this.#open.has(descriptor)) continue;
      this.#put(descriptor, description, closeOnExec);
      return descriptor;
    }
    release(description);
    return fail('EMFILE');
  }

  #put(descriptor: number, description: Description, closeOnExec: boolean): void {
    description.references++;
    this.#open.set(descriptor, description);
    this.setCloseOnExec(descriptor, closeOnExec);
  }

  duplicate(from: number, options: AddOptions = {}): number {
    return this.#addDescription(this.description(from), options);
  }

  /** Makes `to` mean the same as `from`, closing what was there. */
  duplicateTo(from: number, to: number, closeOnExec = false): number {
    const description = this.description(from);
    if (to < 0 || to >= MAX_DESCRIPTORS) fail('EBADF');
    if (this.#open.has(to)) this.close(to);
    this.#put(to, description, closeOnExec);
    return to;
  }

  isClosedOnExec(descriptor: number): boolean {
    return this.#closeOnExec.has(descriptor);
  }

  setCloseOnExec(descriptor: number, isClosed: boolean): void {
    if (isClosed) this.#closeOnExec.add(descriptor);
    else this.#closeOnExec.delete(descriptor);
  }

  close(descriptor: number): void {
    const description = this.description(descriptor);
    this.#open.delete(descriptor);
    this.#closeOnExec.delete(descriptor);
    description.references--;
    release(description);
  }

  closeAll(): void {
    for (const descriptor of this.numbers) this.close(descriptor);
  }

  /** A new program begins in the process. */
  closeForExec(): void {
    for (const descriptor of [...this.#closeOnExec]) this.close(descriptor);
  }

  /** The table of a child process. */
  copy(): Descriptors {
    const copy = new Descriptors();
    for (const [descriptor, description] of this.#open)
      copy.#put(descriptor, description, this.#closeOnExec.has(descriptor));
    return copy;
  }
}

function release(description: Description): void {
  if (description.references === 0) description.file.close();
}
