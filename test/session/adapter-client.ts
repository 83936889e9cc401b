import { type ChildProcess, spawn } from 'node:child_process';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DebugClient } from '@vscode/debugadapter-testsupport';

/** The adapter did not do what a client may expect of it; the message is a sentence. */
export class AdapterClientError extends Error {
  override readonly name = 'AdapterClientError';
}

export interface AdapterClientOptions {
  /** Called for every output event, in order. */
  readonly onOutput?: (body: DebugProtocol.OutputEvent['body']) => void;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Limit of each request and each wait for an event. */
  readonly timeLimitMs?: number;
}

/** Events that a session waits for. */
const AWAITED = ['initialized', 'stopped', 'continued', 'terminated', 'exited'] as const;
type AwaitedEvent = (typeof AWAITED)[number];

interface Waiter {
  readonly names: readonly AwaitedEvent[];
  readonly resolve: (event: DebugProtocol.Event) => void;
}

const CLOSE_LIMIT_MS = 2000;

/**
 * A client of the adapter as a process: DebugClient, and besides it no wait without an end, no event that is lost between two
 * waits, and a sentence instead of silence when the adapter dies.
 */
export class AdapterClient extends DebugClient {
  readonly #process: ChildProcess;
  readonly #gone: Promise<never>;
  readonly #hasEnded: Promise<void>;
  readonly #timeLimitMs: number;
  readonly #arrived: DebugProtocol.Event[] = [];
  readonly #waiters: Waiter[] = [];
  #errorText = '';

  /** Starts `node adapterFile`. */
  constructor(adapterFile: string, options: AdapterClientOptions = {}) {
    super(process.execPath, adapterFile, 'hyperdbg');
    this.#timeLimitMs = options.timeLimitMs ?? 20_000;
    const child = spawn(process.execPath, [adapterFile], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
    });
    this.#process = child;
    child.stderr.on('data', (chunk: Buffer) => (this.#errorText += chunk.toString('utf8')));
    // A write to an adapter that has just ended fails here; the end itself is what gets reported.
    child.stdin.on('error', () => undefined);
    this.#hasEnded = new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    });
    this.#gone = this.#hasEnded.then(() => {
      throw new AdapterClientError(this.#endText());
    });
    this.#gone.catch(() => undefined);
    this.connect(child.stdout, child.stdin);
    for (const name of AWAITED) this.on(name, (event: DebugProtocol.Event) => this.#arrive(event));
    this.on('output', (event: DebugProtocol.OutputEvent) => options.onOutput?.(event.body));
  }

  /** What the adapter wrote to stderr; a healthy one writes nothing. */
  get errorText(): string {
    return this.#errorText;
  }

  /** Sends a request; resolves to the body of the answer. */
  async ask<Response extends DebugProtocol.Response>(
    command: string,
    args?: unknown,
  ): Promise<Response['body']> {
    const answer = await this.#limited(`an answer to "${command}"`, this.send(command, args));
    return answer.body as Response['body'];
  }

  /** The next event with one of these names that no call has returned yet. */
  nextEvent(...names: readonly AwaitedEvent[]): Promise<DebugProtocol.Event> {
    const at = this.#arrived.findIndex((event) => isOneOf(event, names));
    const arrived = at < 0 ? undefined : this.#arrived.splice(at, 1)[0];
    if (arrived !== undefined) return Promise.resolve(arrived);
    const next = new Promise<DebugProtocol.Event>((resolve) => this.#waiters.push({ names, resolve }));
    return this.#limited(`the event "${names.join('" or "')}"`, next);
  }

  /** Initializes, launches and lets the session run. Rejects with the adapter's own sentence when the launch fails. */
  async launchAndRun(
    configuration: Readonly<Record<string, unknown>>,
    capabilities: object = {},
  ): Promise<void> {
    await this.ask('initialize', {
      adapterID: 'hyperdbg',
      linesStartAt1: true,
      columnsStartAt1: true,
      pathFormat: 'path',
      supportsMemoryReferences: true,
      ...capabilities,
    });
    const launched = this.ask('launch', configuration);
    await Promise.race([this.nextEvent('initialized'), launched]);
    await this.ask('configurationDone');
    await launched;
  }

  /** Ends the session and the process. True when the adapter ended by itself. */
  async close(): Promise<boolean> {
    const isOver = await settledWithin(CLOSE_LIMIT_MS, this.send('disconnect', {}), this.#hasEnded);
    this.#process.stdin?.end();
    const endedItself = isOver && (await settledWithin(CLOSE_LIMIT_MS, this.#hasEnded));
    if (!endedItself) {
      this.#process.kill('SIGKILL');
      await this.#hasEnded;
    }
    return endedItself;
  }

  #arrive(event: DebugProtocol.Event): void {
    const at = this.#waiters.findIndex((waiter) => isOneOf(event, waiter.names));
    const waiter = at < 0 ? undefined : this.#waiters.splice(at, 1)[0];
    if (waiter === undefined) this.#arrived.push(event);
    else waiter.resolve(event);
  }

  async #limited<T>(what: string, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(new AdapterClientError(`The adapter gave no sign of ${what} for ${this.#timeLimitMs} ms.`)),
        this.#timeLimitMs,
      );
    });
    try {
      return await Promise.race([work, this.#gone, limit]);
    } finally {
      clearTimeout(timer);
    }
  }

  #endText(): string {
    const { exitCode, signalCode } = this.#process;
    const how = signalCode === null ? `with status ${exitCode ?? 'unknown'}` : `by ${signalCode}`;
    const said = this.#errorText.trim();
    return `The adapter process ended ${how}${said === '' ? '.' : ` and said: ${said}`}`;
  }
}

function isOneOf(event: DebugProtocol.Event, names: readonly AwaitedEvent[]): boolean {
  return names.some((name) => name === event.event);
}

/** Whether one of these is settled in time, well or not. */
async function settledWithin(limitMs: number, ...work: readonly Promise<unknown>[]): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const settled = work.map((promise) => promise.then(() => true).catch(() => true));
  const inTime = await Promise.race([...settled, limit]);
  clearTimeout(timer);
  return inTime;
}
