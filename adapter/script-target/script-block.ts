/** The script of a file that a session debugs: a block of one of its events, a `?` command, or the whole file. */

import { commandByName } from '../../script-engine/catalog/commands';
import { type Command, readCommandFile } from '../../script-engine/command-file/command-file';
import type { MappedText } from '../../script-engine/command-file/mapped-text';
import { analyseScript } from '../../script-engine/compiler/compile';
import type { SymbolResolver } from '../../script-engine/compiler/compiled-script';
import type { GlobalTable } from '../../script-engine/compiler/global-table';
import { debugInfoOf, type DebugInfo } from '../../script-engine/debugger/debug-info';
import type { ScriptFile } from '../arming/script-file';
import { RequestError } from '../session/request-error';

export interface ScriptBlock {
  readonly info: DebugInfo;
  readonly globals: GlobalTable;
  readonly symbols: SymbolResolver;
  /** What it belongs to, for people. */
  readonly label: string;
  /** Number of its event, from 1; undefined outside of events. */
  readonly event: number | undefined;
  /** Line of the file for an offset in the block. */
  lineOf(offset: number): number;
}

interface Source {
  readonly text: string;
  readonly label: string;
  readonly event: number | undefined;
  offsetInFile(offset: number): number;
}

export interface BlockWish {
  readonly event: number | undefined;
  readonly scriptArgs: readonly string[];
  readonly globals: GlobalTable;
  readonly symbols: SymbolResolver;
  readInclude(name: string): string | undefined;
}

/** Finds and compiles the script. Throws RequestError that says where the mistake is. */
export function scriptBlockOf(file: ScriptFile, wish: BlockWish): ScriptBlock {
  const { globals, symbols, readInclude } = wish;
  const source = sourceOf(file, wish);
  const analysis = analyseScript(source.text, { globals, symbols, readInclude });
  const lineOf = (offset: number): number => file.positionAt(source.offsetInFile(offset)).line;
  const { script, diagnostics } = analysis;
  if (script === undefined) {
    const error = diagnostics.find(({ severity }) => severity === 'error');
    const place = error === undefined ? '' : `, line ${lineOf(error.span.start)}`;
    const reason =
      error?.message ?? 'The script engine refused it: a symbol has no address; give it in "symbols".';
    throw new RequestError(`The script "${file.path}"${place}: ${reason}`);
  }
  const info = debugInfoOf(analysis, script, source.text, false);
  return { info, globals, symbols, label: source.label, event: source.event, lineOf };
}

function sourceOf(file: ScriptFile, { event, scriptArgs }: BlockWish): Source {
  const { commands } = readCommandFile(file.text, scriptArgs, file.path);
  const events = commands.filter(({ name }) => commandByName(name)?.isEvent === true);
  // Names of other commands can be names of variables: `x = 1;`.
  const isCommandFile = events.length > 0 || commands.some(({ name }) => name === '?');
  if (!isCommandFile) return wholeFile(file, event);
  if (event !== undefined) {
    const chosen = events[event - 1];
    if (chosen === undefined) {
      throw new RequestError(
        `"event" is ${event}, but "${file.path}" has ${events.length} event(s); count from 1 in the order of the file.`,
      );
    }
    const source = blockSource(chosen, event);
    if (source !== undefined) return source;
    throw new RequestError(`Event ${event} of "${file.path}" (${chosen.name}) has no script block to debug.`);
  }
  for (const command of commands) {
    const index = events.indexOf(command);
    const source = index < 0 ? evaluationSource(command) : blockSource(command, index + 1);
    if (source !== undefined) return source;
  }
  throw new RequestError(
    `"${file.path}" has no script to debug: there is neither a "script { }" block nor a "?" command in it.`,
  );
}

function blockSource(command: Command, event: number): Source | undefined {
  const block = command.blocks.find(({ kind }) => kind === 'script');
  if (block === undefined || /^\s*file:/i.test(block.body.text)) return undefined;
  return mappedSource(block.body, `event ${event}: ${command.name}`, event);
}

function evaluationSource(command: Command): Source | undefined {
  if (command.name !== '?') return undefined;
  const { rest } = command;
  const { text } = rest;
  if (text.startsWith('{') && text.endsWith('}'))
    return mappedSource(rest.slice(1, text.length - 1), '? { }', undefined);
  return mappedSource(rest, '?', undefined);
}

function mappedSource(body: MappedText, label: string, event: number | undefined): Source {
  // `?` takes a statement without its semicolon.
  const text = /[;}]\s*$/.test(body.text) || body.text.trim() === '' ? body.text : `${body.text};`;
  return { text, label, event, offsetInFile: (offset) => body.originalOffset(offset) };
}

function wholeFile(file: ScriptFile, event: number | undefined): Source {
  if (event !== undefined)
    throw new RequestError(`"event" is ${event}, but "${file.path}" is a plain script without events.`);
  // The language knows no carriage returns (script-language 2.1); a blank in their place moves nothing.
  const text = file.text.replaceAll('\r', ' ');
  return { text, label: 'script', event: undefined, offsetInFile: (offset) => offset };
}
