/** What an event was seen to do: the numbers that a list of events shows beside it. */
export interface Activity {
  readonly stops: number;
  readonly messages: number;
  /** Unix time of the last sign in milliseconds. */
  readonly lastMs: number | undefined;
}

const NOTHING: Activity = { stops: 0, messages: 0, lastMs: undefined };
/** A list that is redrawn more often than this cannot be read. */
const TELL_EVERY_MS = 250;

/** Counts the signs of events, by tag, and tells of changes now and then. */
export class EventActivity {
  readonly #byTag = new Map<bigint, Activity>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly tellChange: () => void) {}

  of(tag: bigint): Activity {
    return this.#byTag.get(tag) ?? NOTHING;
  }

  sawMessage(tag: bigint | undefined): void {
    this.#saw(tag, ({ messages, stops }) => ({ messages: messages + 1, stops }));
  }

  sawStop(tag: bigint | undefined): void {
    this.#saw(tag, ({ messages, stops }) => ({ messages, stops: stops + 1 }));
  }

  /** Something else about the events is different. */
  changed(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.tellChange();
    }, TELL_EVERY_MS);
    // A list that nobody sees any more is no reason to stay.
    this.#timer.unref();
  }

  #saw(tag: bigint | undefined, count: (before: Activity) => Omit<Activity, 'lastMs'>): void {
    if (tag === undefined) return;
    this.#byTag.set(tag, { ...count(this.of(tag)), lastMs: Date.now() });
    this.changed();
  }
}
