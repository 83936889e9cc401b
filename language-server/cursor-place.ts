/** Which part of a command file a cursor is in; completion, hover and signature help begin here. */

import { commandByName } from '../script-engine/catalog/commands';
import type { Command } from '../script-engine/command-file/command-file';
import type { ScriptDocument } from './open-documents';
import { touches } from './ranges';
import { scriptCursorAt, type ScriptCursor } from './script-cursor';

export type CursorPlace =
  /** Where the name of a command stands or can be typed. */
  | { readonly kind: 'commandName'; readonly command: Command | undefined }
  /** Parameters and options of a command. */
  | { readonly kind: 'commandLine'; readonly command: Command }
  /** Text of the script language. */
  | { readonly kind: 'script'; readonly command: Command; readonly cursor: ScriptCursor }
  /** Machine code, assembly, comments: nothing to offer. */
  | { readonly kind: 'other' };

const OTHER: CursorPlace = { kind: 'other' };

/** Never throws, whatever the text is. */
export function placeAt(document: ScriptDocument, offset: number): CursorPlace {
  const { source, checked } = document;
  const command = checked.commandBefore(offset);
  if (command === undefined) return inComment(source, 0, offset) ? OTHER : startOfCommand;
  if (touches(command.nameSpan, offset)) return { kind: 'commandName', command };
  const goesOn = offset <= command.span.end || !source.slice(command.span.end, offset).includes('\n');
  if (!goesOn) return inComment(source, command.span.end, offset) ? OTHER : startOfCommand;
  if (isScriptCommand(command)) return scriptPlace(source, command, command.nameSpan.end, offset);
  const block = command.blocks.find(({ codeSpan }) => touches(codeSpan, offset));
  if (block !== undefined) {
    return block.kind === 'script' ? scriptPlace(source, command, block.codeSpan.start, offset) : OTHER;
  }
  const lastBlock = command.blocks.findLast(({ span }) => span.end <= offset);
  if (inComment(source, lastBlock?.span.end ?? command.nameSpan.end, offset)) return OTHER;
  return { kind: 'commandLine', command };
}

const startOfCommand: CursorPlace = { kind: 'commandName', command: undefined };

/** `?` and `print` are followed by script text without a block keyword. */
function isScriptCommand({ name }: Command): boolean {
  const known = commandByName(name)?.name;
  return known === '?' || known === 'print';
}

function scriptPlace(source: string, command: Command, start: number, offset: number): CursorPlace {
  return { kind: 'script', command, cursor: scriptCursorAt(source, start, offset) };
}

function inComment(source: string, start: number, offset: number): boolean {
  return scriptCursorAt(source, start, offset).place === 'comment';
}
