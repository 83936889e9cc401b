/** A command file that is read and checked command by command, so that an edit inside one costs that one. */

import type { Diagnostic } from '../diagnostic';
import {
  CheckedCommand,
  type CheckOptions,
  type CommandText,
  commandTextOf,
  detachedCommandText,
} from './checked-command';
import type { Command, CommandFile } from './command-file';
import { defineAlike, ObservedGlobals } from './observed-globals';
import { unknownOutputs } from './outputs';
import { nextCommand } from './split';
import { editBetween, type TextEdit } from './text-edit';

/** One version of a file; never changes. The next version shares what an edit left as it was. */
export class CheckedFile {
  #file: CommandFile | undefined;
  #diagnostics: readonly Diagnostic[] | undefined;

  private constructor(
    readonly text: string,
    private readonly options: CheckOptions,
    private readonly commands: readonly CheckedCommand[],
    /** Where each command stands; ascending. */
    private readonly starts: readonly number[],
  ) {}

  /** Reads and checks all of a text. */
  static of(text: string, options: CheckOptions = {}): CheckedFile {
    const globals = new ObservedGlobals();
    const commands: CheckedCommand[] = [];
    const starts: number[] = [];
    for (
      let split = nextCommand(text, 0);
      split !== undefined;
      split = nextCommand(text, split.span.end + 1)
    ) {
      commands.push(CheckedCommand.check(commandTextOf(text, split, options), globals, options));
      starts.push(split.span.start);
    }
    return new CheckedFile(text, options, commands, starts);
  }

  /** The file with another text: what `of` would make of it, but only what the change touches is read and checked. */
  edited(text: string): CheckedFile {
    const edit = editBetween(this.text, text);
    const { options, commands, starts } = this;
    const kept = this.#countBefore(edit.start);
    const { read, readStarts, resumeAt } = this.#readAround(text, edit, kept);
    const distance = edit.newEnd - edit.oldEnd;
    const globals = new ObservedGlobals();
    const again = (command: CheckedCommand): CheckedCommand => command.checkedAgain(globals, options);
    // Files can change without an edit here.
    const { readsFiles } = this;
    const before = commands.slice(0, kept);
    if (!readsFiles) for (const { findings } of before) globals.repeat(findings.globals);
    const head = readsFiles ? before.map(again) : before;
    const middle = read.map((command) => CheckedCommand.check(command, globals, options));
    const isLikeBefore = defineAlike(
      commands.slice(kept, resumeAt).map(({ findings }) => findings.globals),
      middle.map(({ findings }) => findings.globals),
    );
    const behind = commands.slice(resumeAt);
    const tail = readsFiles || !isLikeBefore ? behind.map(again) : behind;
    return new CheckedFile(
      text,
      options,
      [...head, ...middle, ...tail],
      [
        ...starts.slice(0, kept),
        ...readStarts,
        ...(distance === 0
          ? starts.slice(resumeAt)
          : starts.slice(resumeAt).map((start) => start + distance)),
      ],
    );
  }

  /** Whether what it says depends on other files. */
  get readsFiles(): boolean {
    return this.commands.some(({ findings }) => findings.files.size > 0);
  }

  /** Commands and what reading them found. */
  get file(): CommandFile {
    const { commands, starts } = this;
    this.#file ??= {
      commands: commands.flatMap((command, index) => command.commandAt(starts[index] ?? 0) ?? []),
      diagnostics: commands.flatMap((command, index) => command.readDiagnosticsAt(starts[index] ?? 0)),
    };
    return this.#file;
  }

  /** All of reading and checking, in the order of the file. */
  get diagnostics(): readonly Diagnostic[] {
    const { commands, starts } = this;
    this.#diagnostics ??= [
      ...commands.flatMap((command, index) => command.diagnosticsAt(starts[index] ?? 0)),
      ...unknownOutputs(commands.flatMap((command, index) => command.outputsAt(starts[index] ?? 0) ?? [])),
    ].sort((one, two) => one.span.start - two.span.start);
    return this.#diagnostics;
  }

  /** Each command as it was read, comments included, and where it stands now. */
  get placedCommands(): readonly { readonly text: CommandText; readonly start: number }[] {
    return this.commands.map(({ text }, index) => ({ text, start: this.starts[index] ?? 0 }));
  }

  /** The last command that begins at or before `offset`. */
  commandBefore(offset: number): Command | undefined {
    for (let index = firstAbove(this.starts, offset) - 1; index >= 0; index--) {
      const command = this.commands[index]?.commandAt(this.starts[index] ?? 0);
      if (command !== undefined && command.span.start <= offset) return command;
    }
    return undefined;
  }

  /** How many commands end, line end included, before `offset`. */
  #countBefore(offset: number): number {
    const index = firstAbove(this.starts, offset) - 1;
    const start = this.starts[index];
    const command = this.commands[index];
    if (start === undefined || command === undefined) return 0;
    return start + command.text.length < offset ? index + 1 : index;
  }

  /** Reads from the last command before an edit up to the first one that the edit leaves as it was. */
  #readAround(
    text: string,
    edit: TextEdit,
    kept: number,
  ): { read: CommandText[]; readStarts: number[]; resumeAt: number } {
    const read: CommandText[] = [];
    const readStarts: number[] = [];
    let resumeAt = kept;
    let from =
      kept === 0 ? 0 : (this.starts[kept - 1] ?? 0) + (this.commands[kept - 1]?.text.length ?? 0) + 1;
    for (;;) {
      const split = nextCommand(text, from);
      if (split === undefined) return { read, readStarts, resumeAt: this.commands.length };
      const { start, end } = split.span;
      const oldStart = start - (edit.newEnd - edit.oldEnd);
      while ((this.starts[resumeAt] ?? Infinity) < Math.max(oldStart, edit.oldEnd)) resumeAt++;
      if (this.starts[resumeAt] === oldStart && start >= edit.newEnd) return { read, readStarts, resumeAt };
      read.push(detachedCommandText(text, split, this.options));
      readStarts.push(start);
      from = end + 1;
    }
  }
}

/** Index of the first number above `limit` in an ascending list. */
function firstAbove(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
