/** Commands about the session itself: `.debug`, `exit`, `.script`, `sleep`, `.logopen`, `.logclose`. */

import { setTimeout as delay } from 'node:timers/promises';
import type { CommandLine } from './command-context';
import { CommandError } from './command-error';
import type { SessionVerb } from './command-table';
import { CommandWords } from './command-words';
import type { ConsoleSession } from './console-session';

/** A file that runs itself would not end. */
const DEEPEST_SCRIPT = 16;
const depths = new WeakMap<ConsoleSession, number>();

export async function runSessionCommand(
  verb: SessionVerb,
  { command }: CommandLine,
  session: ConsoleSession,
): Promise<void> {
  const words = new CommandWords(command);
  switch (verb) {
    case 'exit':
      words.end();
      await session.close();
      return;
    case 'debug':
      await debug(words, session);
      return;
    case 'script':
      await script(words, session);
      return;
    case 'sleep': {
      const milliseconds = Number(words.takeNumber('a time in milliseconds, in hexadecimal'));
      words.end();
      await delay(milliseconds, undefined, { signal: session.signal }).catch(() => {
        throw new CommandError('The sleep was ended.');
      });
      return;
    }
    case 'log open': {
      const path = words.take('the name of a file').text;
      words.end();
      session.log.open(path);
      session.log.say(`the console is copied to ${path}`);
      return;
    }
    case 'log close': {
      words.end();
      const path = session.log.close();
      session.log.say(path === undefined ? 'the console is not copied' : `${path} is written`);
      return;
    }
  }
}

async function debug(words: CommandWords, session: ConsoleSession): Promise<void> {
  switch (words.takeOneOf('remote', 'close', 'prepare')) {
    case 'close':
      words.end();
      if (!session.isConnected) throw new CommandError('There is no connection to close.');
      await session.disconnect();
      session.log.say('the connection is closed; ".debug remote" connects again');
      return;
    case 'prepare':
      throw new CommandError(
        'This console is the debugger; run ".debug prepare" in HyperDbg on the machine to be debugged. "hds serve" makes a target of a guest program.',
      );
    case 'remote': {
      const pauses = words.takeSwitch('pause');
      const address = words.isEmpty ? undefined : remoteAddress(words);
      words.end();
      await session.connect(address, pauses);
      return;
    }
  }
}

/** The original's words as an address of `--connect`; `tcp` is ours. */
function remoteAddress(words: CommandWords): string {
  switch (words.takeOneOf('serial', 'namedpipe', 'tcp')) {
    case 'namedpipe':
      return `pipe:${words.take('the path of a pipe').text}`;
    case 'tcp':
      return `tcp:${words.take('HOST:PORT').text}`;
    case 'serial': {
      // A rate is decimal, whatever else is hexadecimal (driver-protocol 9, "Numbers").
      const baud = words.take('a rate in baud, in decimal').text;
      return `serial:${deviceOf(words.take('a port, e.g. com1').text)}:${baud}`;
    }
  }
}

function deviceOf(port: string): string {
  const number = /^com([0-9]+)$/i.exec(port)?.[1];
  return number !== undefined && process.platform !== 'win32' ? `/dev/ttyS${Number(number) - 1}` : port;
}

async function script(words: CommandWords, session: ConsoleSession): Promise<void> {
  const path = words.take('the name of a file').text;
  const args = words.takeAll().map(({ text }) => text);
  const text = session.state.readFile(path);
  if (text === undefined)
    throw new CommandError(
      `The file "${path}" cannot be read; check its name (in quotes where it has blanks).`,
    );
  const depth = depths.get(session) ?? 0;
  if (depth >= DEEPEST_SCRIPT)
    throw new CommandError(`"${path}" was not run: files run each other ${DEEPEST_SCRIPT} times over.`);
  depths.set(session, depth + 1);
  try {
    if (!(await session.run(text, args, path))) throw new CommandError(`${path} was left at that command.`);
  } finally {
    depths.set(session, depth);
  }
}
