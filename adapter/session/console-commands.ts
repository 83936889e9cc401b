/** Commands of the debugger's command line in the Debug Console: the same table that `hds console` works by. */

import type { CommandContext, ConsoleIo } from '../console/command-context';
import { CommandError } from '../console/command-error';
import { commandEntry } from '../console/command-table';
import { OutputSinks } from '../console/output-sinks';
import { KdClient } from '../../driver/kd/kd-client';
import { readCommandFile } from '../../script-engine/command-file/command-file';
import type { DebugSession } from './debug-session';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

/** `?` and `eval` have a path of their own, which knows the program's variables. */
const NOT_HERE: ReadonlySet<string> = new Set(['?', 'eval', 'evaluate']);
const USE_THE_EDITOR =
  'Use the buttons or keys of the debugger for running and stepping, so that the editor knows of it.';

/** Whether a text begins with a command of the table. */
export function isConsoleCommand(text: string): boolean {
  const [word = ''] = text.split(/[\s{]/, 1);
  // `x = 5;`, `k++`, `print(x)` are the script language's.
  if (/^\w+\s*(?:=(?!=)|[-+*/%&|^]=|\+\+|--|\(|\[)/.test(text)) return false;
  // A lone word of hexadecimal digits is a number; such commands want something behind them.
  if (/^[0-9a-f]+$/i.test(text)) return false;
  return !NOT_HERE.has(word.toLowerCase()) && commandEntry(word.toLowerCase()) !== undefined;
}

/** Runs a command and answers what it prints. A target that runs is halted for it. Rejects with RequestError. */
export async function runConsoleCommand(
  session: DebugSession,
  live: LiveTarget,
  text: string,
): Promise<string> {
  const { commands, diagnostics } = readCommandFile(text, []);
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new RequestError(error.message, false);
  const [command] = commands;
  if (command === undefined || commands.length > 1)
    throw new RequestError('The console takes one command at a time.', false);
  const entry = commandEntry(command.name);
  if (command.name === '~') throw new RequestError('Choose the core in the Call Stack view.', false);
  const line = { command, text, line: text.trim() };
  const texts: string[] = [];
  const state = {
    io: collecting(texts),
    settings: session.consoleSettings,
    outputs: new OutputSinks((said) => texts.push(`${said}\n`)),
    readFile: () => undefined,
  };
  switch (entry?.kind) {
    case undefined:
      throw new RequestError(`"${command.name}" is no command.`, false);
    case 'refused':
      throw new RequestError(`"${command.name}" is not done here. ${entry.reason}`, false);
    case 'local':
      entry.run(line, state);
      break;
    case 'halted':
    case 'shipped':
      await live.whileHalted(async () => {
        try {
          const context = contextOf(live, state);
          // What the target's own program says comes as its messages do.
          if (entry.kind === 'halted') await entry.run(line, context);
          else if (!entry.leavesRunning) await context.client.requests.ship(line.line);
          else throw new RequestError(`"${command.name}" is not done here. ${USE_THE_EDITOR}`, false);
        } catch (refusal) {
          if (!(refusal instanceof CommandError)) throw refusal;
          throw new RequestError(refusal.message, false);
        } finally {
          // It can have written registers or memory.
          live.invalidateViews();
        }
      });
      break;
    case 'go':
      throw new RequestError(`"${command.name}" is not done here. ${USE_THE_EDITOR}`, false);
    case 'session':
      throw new RequestError(`"${command.name}" belongs to a console of its own: "hds console".`, false);
  }
  return texts.join('').replace(/\n$/, '');
}

function collecting(texts: string[]): ConsoleIo {
  return {
    print: (text) => texts.push(text.endsWith('\n') ? text : `${text}\n`),
    write: (text) => texts.push(text),
    say: (text) => texts.push(`${text}\n`),
    progress: () => undefined,
  };
}

function contextOf(
  live: LiveTarget,
  state: Pick<CommandContext, 'io' | 'settings' | 'outputs' | 'readFile'>,
): CommandContext {
  const { debuggee: client, symbols, globals, events, scriptMode: mode } = live;
  if (!(client instanceof KdClient)) throw new RequestError('This target takes no commands.', false);
  const target = { client, symbols, mode, dispose: () => Promise.resolve() };
  return { ...state, target, client, symbols, globals, events, signal: new AbortController().signal };
}
