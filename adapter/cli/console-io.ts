/** Standard streams of the command line: results to stdout, everything said to the user to stderr. */

import type { ConsoleIo } from '../console/command-context';
import { EXIT } from './cli-error';

/** Writes a result line to stdout. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes one JSON value as a line of stdout. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

/** Writes a sentence for the user to stderr. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Texts of `hds console`: results to stdout, what is said to stderr; every sentence begins on a line of its own. */
export function terminalIo(): ConsoleIo {
  let isMidLine = false;
  const write = (text: string) => {
    if (text === '') return;
    process.stdout.write(text);
    isMidLine = !text.endsWith('\n');
  };
  const endLine = () => {
    if (isMidLine) write('\n');
  };
  return {
    print(text) {
      endLine();
      write(text.endsWith('\n') ? text : `${text}\n`);
    },
    write,
    say(text) {
      endLine();
      say(text);
    },
    progress(text) {
      if (text !== undefined && !process.stderr.isTTY) say(text);
      else if (process.stderr.isTTY)
        process.stderr.write(text === undefined ? '\r\u001b[K' : `\r${text}\u001b[K`);
    },
  };
}

/**
 * `hds … | head` closes our stdout early: that is no failure, and nobody is left to read. Ends the process quietly, and
 * with it everything that it started.
 */
export function endQuietlyWhenUnread(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.done);
      throw error;
    });
  }
}

/**
 * Runs `work` with a signal that Ctrl-C (or a polite kill) aborts, so that it can end what it started. A second Ctrl-C ends
 * the process at once.
 */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** All of stdin as text. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return withoutByteOrderMark(Buffer.concat(chunks).toString('utf8'));
}

/** Lines of stdin as they come; the last one may lack its newline. */
export async function* stdinLines(): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of process.stdin) {
    const lines = (pending + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    yield* lines;
  }
  pending += decoder.decode();
  if (pending !== '') yield pending;
}

/** Editors drop the mark before they count columns, so positions agree only without it. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
