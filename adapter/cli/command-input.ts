/** Cuts what is typed into commands: a block in braces may span lines (cli.md, `hds console`). */

import { nextCommand } from '../../script-engine/command-file/split';

export class CommandInput {
  #pending = '';

  /** Whether a command has begun and not ended. */
  get isOpen(): boolean {
    return this.#pending.trim() !== '';
  }

  /** Takes text and gives the commands that it completed. */
  push(text: string): string[] {
    this.#pending += text.replaceAll('\r\n', '\n');
    const commands: string[] = [];
    for (;;) {
      const next = nextCommand(this.#pending, 0);
      if (next === undefined) {
        this.#pending = '';
        return commands;
      }
      // Only a line end ends a command, and none does inside a block.
      if (next.span.end >= this.#pending.length) return commands;
      commands.push(this.#pending.slice(next.span.start, next.span.end));
      this.#pending = this.#pending.slice(next.span.end + 1);
    }
  }

  /** The input has ended: what is left is a command, whole or not. */
  end(): string[] {
    const rest = this.#pending;
    this.#pending = '';
    return rest.trim() === '' ? [] : [rest];
  }

  /** Forgets what was begun. */
  clear(): void {
    this.#pending = '';
  }
}
