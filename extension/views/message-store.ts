/** Texts that a session printed, the newest ones. No editor API: tests run it bare. */

export interface Message {
  /** Counts from 1 in a session. */
  readonly number: number;
  readonly timeMs: number;
  /** The event that printed it. */
  readonly event: number | undefined;
  readonly category: string;
  /** One line. */
  readonly text: string;
  readonly path: string | undefined;
  readonly line: number | undefined;
}

/** Body of DAP `output`, as far as it is needed. */
export interface OutputBody {
  readonly category?: string;
  readonly output: string;
  readonly source?: { readonly path?: string };
  readonly line?: number;
  readonly data?: { readonly event?: number; readonly lost?: number };
}

/** More lines than anybody reads; a chatty event must not fill the memory of the editor. */
const MAX_MESSAGES = 10_000;

export class MessageStore {
  #messages: Message[] = [];
  #count = 0;
  /** Messages that the target dropped, by its own count. */
  #lost = 0;
  #forgotten = 0;
  /** The last line when its end has not come yet. */
  #open: { readonly key: string; readonly text: string; readonly body: OutputBody } | undefined;
  isPaused = false;
  /** Only texts of these events are shown; undefined for all. */
  filter: ReadonlySet<number> | undefined;

  constructor(private readonly now: () => number = Date.now) {}

  /** Takes what a session printed. True when there is something new to show. */
  add(body: OutputBody): boolean {
    this.#lost += body.data?.lost ?? 0;
    const key = `${body.category}|${body.data?.event}|${body.source?.path}|${body.line}`;
    const before = this.#open?.key === key ? this.#open.text : '';
    if (this.#open !== undefined && this.#open.key !== key) this.#push(this.#open.text, this.#open.body);
    const lines = (before + body.output).split('\n');
    const rest = lines.pop() ?? '';
    this.#open = rest === '' ? undefined : { key, text: rest, body };
    for (const text of lines) this.#push(text.replace(/\r$/, ''), body);
    return lines.length > 0;
  }

  /** The newest first, as the filter wants it. */
  shown(): readonly Message[] {
    const { filter } = this;
    const chosen =
      filter === undefined
        ? this.#messages
        : this.#messages.filter(({ event }) => event !== undefined && filter.has(event));
    return chosen.toReversed();
  }

  /** A sentence about what is not there; undefined when all is there. */
  gaps(): string | undefined {
    const parts = [
      ...(this.isPaused ? ['paused'] : []),
      ...(this.filter === undefined ? [] : [`events ${[...this.filter].join(', ')} only`]),
      ...(this.#lost > 0 ? [`${this.#lost} dropped by the target`] : []),
      ...(this.#forgotten > 0 ? [`${this.#forgotten} older ones forgotten`] : []),
    ];
    return parts.length === 0 ? undefined : parts.join(', ');
  }

  clear(): void {
    this.#messages = [];
    this.#lost = 0;
    this.#forgotten = 0;
    this.#count = 0;
    this.#open = undefined;
  }

  /** All shown messages as text, oldest first, one a line. */
  asText(): string {
    return this.shown()
      .toReversed()
      .map(({ timeMs, event, text }) => `${clock(timeMs)}\t${event === undefined ? '-' : event}\t${text}\n`)
      .join('');
  }

  #push(text: string, body: OutputBody): void {
    this.#count++;
    this.#messages.push({
      number: this.#count,
      timeMs: this.now(),
      event: body.data?.event,
      category: body.category ?? 'console',
      text,
      path: body.source?.path,
      line: body.line,
    });
    // In steps: shifting for every line would cost a copy each.
    if (this.#messages.length < MAX_MESSAGES * 1.25) return;
    const tooMany = this.#messages.length - MAX_MESSAGES;
    this.#messages = this.#messages.slice(tooMany);
    this.#forgotten += tooMany;
  }
}

/** Time of day to the millisecond. */
export function clock(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 23);
}
