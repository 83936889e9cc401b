/** The console's texts, copied to a file while `.logopen` says so. */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { ConsoleIo } from './command-context';
import { CommandError } from './command-error';

export class LogCopy implements ConsoleIo {
  readonly #io: ConsoleIo;
  #file: { readonly path: string; readonly descriptor: number } | undefined;

  constructor(io: ConsoleIo) {
    this.#io = io;
  }

  /** Throws CommandError. */
  open(path: string): void {
    if (this.#file !== undefined)
      throw new CommandError(`The console is copied to ${this.#file.path} already; ".logclose" ends that.`);
    try {
      this.#file = { path, descriptor: openSync(path, 'w') };
    } catch (error) {
      throw new CommandError(`The file "${path}" cannot be written: ${(error as Error).message}.`);
    }
  }

  /** The file that was written; undefined when there was none. */
  close(): string | undefined {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file.descriptor);
    return file?.path;
  }

  print(text: string): void {
    this.#copy(`${text}\n`);
    this.#io.print(text);
  }
  write(text: string): void {
    this.#copy(text);
    this.#io.write(text);
  }
  say(text: string): void {
    this.#copy(`${text}\n`);
    this.#io.say(text);
  }
  progress(text: string | undefined): void {
    this.#io.progress(text);
  }

  #copy(text: string): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file.descriptor, text);
    } catch (error) {
      const path = this.close();
      this.#io.say(`The console is not copied to ${path} any more: ${(error as Error).message}`);
    }
  }
}
