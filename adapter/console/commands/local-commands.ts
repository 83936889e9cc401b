/** Commands of this console alone: nothing goes to the target. */

import { commandByName, debuggerCommands } from '../../../script-engine/catalog/commands';
import type { CommandLine, ConsoleState } from '../command-context';
import { CommandError } from '../command-error';
import { CommandWords } from '../command-words';

const CLEAR_SCREEN = '\u001b[2J\u001b[H';

export function help({ command }: CommandLine, { io }: ConsoleState): void {
  const words = new CommandWords(command);
  if (words.isEmpty) {
    for (const category of ['debugging', 'extension', 'meta'] as const) {
      const names = debuggerCommands.filter((known) => known.category === category).map(({ name }) => name);
      io.print(`${category}: ${names.join(' ')}`);
    }
    io.print('".help <Command>" shows one of them.');
    return;
  }
  const name = words.take('a command').text;
  words.end();
  const known = commandByName(name);
  if (known === undefined) throw new CommandError(`There is no command "${name}"; ".help" lists them.`);
  const aliases = known.aliases.length === 0 ? '' : ` (also ${known.aliases.join(', ')})`;
  io.print(`${known.name}${aliases}: ${known.summary}`);
  for (const form of known.syntax) io.print(`  ${form}`);
  io.print(`  e.g. ${known.example}`);
}

export function clearScreen(_line: CommandLine, { io }: ConsoleState): void {
  io.print(CLEAR_SCREEN);
}

export function greet({ command }: CommandLine, { io }: ConsoleState): void {
  const words = new CommandWords(command);
  words.takeWord('wp');
  words.end();
  io.print('good game!');
}

/** Names of preferences, their values, and what they mean here. */
const SETTINGS: Readonly<Record<string, { readonly values: readonly string[]; readonly effect: string }>> = {
  autounpause: { values: ['on', 'off'], effect: 'text is never held back here, so it changes nothing' },
  addressconversion: { values: ['on', 'off'], effect: 'addresses are shown with their symbols in any case' },
  autoflush: { values: ['on', 'off'], effect: 'kept for scripts that set it; "flush" empties the queues' },
  syntax: { values: ['intel', 'att', 'masm'], effect: 'instructions are shown in Intel syntax in any case' },
};

export function settings({ command }: CommandLine, { io, settings: kept }: ConsoleState): void {
  const words = new CommandWords(command);
  const name = words.takeOneOf(...Object.keys(SETTINGS));
  const known = SETTINGS[name];
  if (known === undefined) return;
  const value = words.isEmpty ? undefined : words.takeOneOf(...known.values);
  words.end();
  if (value !== undefined) kept.set(name, value);
  io.print(`${name}: ${kept.get(name) ?? 'not set'} (${known.effect})`);
}

export function output({ command }: CommandLine, { io, outputs }: ConsoleState): void {
  const words = new CommandWords(command);
  if (words.isEmpty) {
    io.print(outputs.lines.join('\n') || 'there are no outputs');
    return;
  }
  const verb = words.takeOneOf('create', 'open', 'close');
  const name = words.take('the name of an output').text;
  if (verb === 'create') {
    const kind = words.takeOneOf('file', 'namedpipe', 'tcp', 'module');
    const target = words.take('a target').text;
    words.end();
    if (kind === 'module')
      throw new CommandError(
        'Libraries of others are not loaded here; send the text to a "file", "tcp" or "namedpipe" and read it there.',
      );
    outputs.create(name, kind, target);
  } else {
    words.end();
    if (verb === 'open') outputs.open(name);
    else outputs.close(name);
  }
  io.print(`output ${name}: ${verb === 'open' ? 'opened' : `${verb}d`}`);
}

export function symbolPath({ command }: CommandLine, { io, settings: kept }: ConsoleState): void {
  const words = new CommandWords(command);
  const path = words.isEmpty ? undefined : words.take('a path').text;
  words.end();
  if (path !== undefined) kept.set('sympath', path);
  io.print(
    `symbol path: ${kept.get('sympath') ?? 'not set'} (this console reads no PDB files; symbols come from ELF modules)`,
  );
}
