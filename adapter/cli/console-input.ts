/** Standard input of `hds console`: commands one after the other, and the break key at any time. */

import { createInterface } from 'node:readline';
import type { ConsoleSession } from '../console/console-session';
import { CommandInput } from './command-input';
import { EXIT } from './cli-error';
import { say } from './console-io';

const PROMPT = 'hds> ';
const CONTINUED = '...> ';
/** What a terminal sends for Ctrl-C where nobody turns it into a signal. */
const BREAK = '\u0003';
/** A second Ctrl-C so soon after one that had nothing to end is meant for the console itself. */
const TWICE_MS = 1500;

export interface FollowedInput {
  /** Resolves when the input has ended and its commands have run, or `exit` has. */
  ended(): Promise<void>;
  stop(): void;
}

/** Reads from now on; commands run once `ended` is waited for. */
export function followInput(session: ConsoleSession): FollowedInput {
  const input = new CommandInput();
  const waiting: string[] = [];
  let isAtEnd = false;
  let wake: (() => void) | undefined;
  let lastBreak = 0;

  const take = (commands: readonly string[]) => {
    waiting.push(...commands);
    wake?.();
  };
  const finish = () => {
    take(input.end());
    isAtEnd = true;
    wake?.();
  };
  const breakKey = () => {
    const now = Date.now();
    input.clear();
    const isTaken = session.interrupt();
    if (!isTaken && now - lastBreak < TWICE_MS) process.exit(EXIT.interrupted);
    if (!isTaken && process.stdin.isTTY)
      say('Nothing runs. "exit" ends the console, and so does a second Ctrl-C.');
    lastBreak = isTaken ? 0 : now;
  };
  const leave = () => {
    waiting.length = 0;
    isAtEnd = true;
    session.interrupt();
    wake?.();
  };
  process.on('SIGINT', breakKey);
  process.on('SIGTERM', leave);

  const terminal = process.stdin.isTTY
    ? createInterface({ input: process.stdin, output: process.stderr, prompt: PROMPT })
    : undefined;
  const decoder = new TextDecoder();
  const onData = (chunk: Uint8Array) => {
    const text = decoder.decode(chunk, { stream: true });
    if (text.includes(BREAK)) breakKey();
    take(input.push(text.replaceAll(BREAK, '')));
  };
  if (terminal === undefined) {
    process.stdin.on('data', onData);
    process.stdin.on('end', finish);
  } else {
    terminal.on('line', (line) => {
      take(input.push(`${line}\n`));
      if (input.isOpen) ask(CONTINUED);
    });
    terminal.on('SIGINT', breakKey);
    terminal.on('close', finish);
  }

  const ask = (prompt: string) => {
    terminal?.setPrompt(prompt);
    terminal?.prompt();
  };

  return {
    async ended() {
      while (!session.isOver) {
        const command = waiting.shift();
        if (command !== undefined) {
          await session.run(command);
          continue;
        }
        if (isAtEnd) return;
        ask(PROMPT);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    stop() {
      process.off('SIGINT', breakKey);
      process.off('SIGTERM', leave);
      terminal?.close();
      process.stdin.off('data', onData);
      process.stdin.pause();
    },
  };
}
