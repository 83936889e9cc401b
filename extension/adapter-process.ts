/** The debug adapter as a process whose end is reported with what it said last. No editor API: tests run it bare. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { framed, MessageReader } from './message-framing';

/** An adapter that was told to end and does not is ended. */
const END_LIMIT_MS = 3000;
const MAX_LAST_WORDS = 4000;

export interface AdapterEnd {
  /** E.g. `with status 1` or `by SIGSEGV`. */
  readonly how: string;
  /** The end of what it wrote to its error output. */
  readonly lastWords: string;
}

export interface AdapterListener {
  message(message: unknown): void;
  /** A line for the log. */
  log(text: string): void;
  /** The process ended although the client still wanted it. */
  crashed(end: AdapterEnd): void;
}

export class AdapterProcess {
  /** Resolves when the process is gone. */
  readonly closed: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #reader = new MessageReader();
  #lastWords = '';
  #isLeaving = false;

  /** Starts `program` with these arguments. */
  constructor(
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string | undefined>>,
    private readonly listener: AdapterListener,
  ) {
    this.#child = spawn(program, args, { env: { ...environment }, windowsHide: true });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => this.#say(chunk.toString('utf8')));
    // Writing to a process that has just ended fails; its end is what gets reported.
    this.#child.stdin.on('error', () => undefined);
    this.#child.once('error', (error) => this.#ended(`before it began: ${error.message}`));
    this.closed = new Promise((resolve) => {
      this.#child.once('close', (status, signal) => {
        this.#ended(signal === null ? `with status ${status ?? 'unknown'}` : `by ${signal}`);
        resolve();
      });
    });
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a message of the client. */
  send(message: unknown): void {
    if (isRequest(message, 'disconnect')) this.#isLeaving = true;
    this.#child.stdin.write(framed(message));
  }

  /** Lets the process end, and ends it when it does not. */
  dispose(): void {
    this.#isLeaving = true;
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_LIMIT_MS);
    timer.unref();
    this.#child.once('close', () => clearTimeout(timer));
  }

  #read(chunk: Buffer): void {
    try {
      for (const message of this.#reader.read(chunk)) this.listener.message(message);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#say(`The adapter wrote something that is no message: ${error.message}\n`);
      this.#child.kill('SIGKILL');
    }
  }

  #say(text: string): void {
    this.#lastWords = (this.#lastWords + text).slice(-MAX_LAST_WORDS);
    this.listener.log(text.trimEnd());
  }

  #ended(how: string): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.listener.crashed({ how, lastWords: this.#lastWords.trim() });
  }
}

function isRequest(message: unknown, command: string): boolean {
  return typeof message === 'object' && message !== null && Reflect.get(message, 'command') === command;
}
