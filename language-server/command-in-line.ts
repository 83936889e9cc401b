import { movedCommand } from '../script-engine/command-file/moved';
import type { Command } from '../script-engine/command-file/command-file';
import type { ScriptDocument } from './open-documents';

/** A command and its place among those of its document. */
export interface PlacedCommand {
  readonly index: number;
  readonly command: Command;
}

/** The first command that stands in a line, from 0. */
export function commandInLine({ checked, text }: ScriptDocument, line: number): PlacedCommand | undefined {
  const start = text.offsetAt({ line, character: 0 });
  const end = Math.max(text.offsetAt({ line: line + 1, character: 0 }), start + 1);
  for (const [index, placed] of checked.placedCommands.entries()) {
    const command =
      placed.text.command && movedCommand(placed.text.command, placed.start - placed.text.readAt);
    if (command !== undefined && command.span.start < end && command.span.end >= start)
      return { index, command };
  }
  return undefined;
}
