import type { DapServer } from './dap-server';

export type OutputCategory = 'console' | 'stdout' | 'stderr';

export interface OutputPlace {
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/** What a list of messages needs beside the text; clients that know nothing of it leave it alone. */
export interface OutputData {
  /** Number of the event that the text is from. */
  readonly event?: number | undefined;
  /** Messages that the target had to drop. */
  readonly lost?: number;
}

interface PendingOutput {
  readonly category: OutputCategory;
  readonly place: OutputPlace | undefined;
  readonly data: OutputData;
  text: string;
}

/** A client redraws for every output event: at most this often, and what comes between is joined. */
const BATCH_MS = 16;
const MAX_BATCH_LENGTH = 64 * 1024;

/** Texts for the debug console. Consecutive texts of one kind and place become one event; the order is kept. */
export class OutputStream {
  #pending: PendingOutput | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly server: DapServer,
    private readonly sourceOf: (path: string) => { name: string; path: string },
  ) {}

  write(category: OutputCategory, text: string, place?: OutputPlace, data: OutputData = {}): void {
    if (text === '') return;
    const pending = this.#pending;
    if (
      pending !== undefined &&
      pending.category === category &&
      pending.place?.path === place?.path &&
      pending.place?.line === place?.line &&
      pending.data.event === data.event &&
      pending.data.lost === data.lost &&
      pending.text.length < MAX_BATCH_LENGTH
    ) {
      pending.text += text;
      return;
    }
    this.flush();
    this.#pending = { category, place, data, text };
    this.#timer = setTimeout(() => this.flush(), BATCH_MS);
  }

  /** A sentence on a line of its own. */
  line(category: OutputCategory, text: string, place?: OutputPlace, data: OutputData = {}): void {
    this.write(category, `${text}\n`, place, data);
  }

  /** Sends what is held back. */
  flush(): void {
    clearTimeout(this.#timer);
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const { category, text, place, data } = pending;
    const isTold = data.event !== undefined || data.lost !== undefined;
    this.server.emitEvent('output', {
      category,
      output: text,
      ...(place === undefined ? {} : { source: this.sourceOf(place.path), line: place.line, column: 1 }),
      ...(isTold ? { data } : {}),
    });
  }
}
