import type { StackWalk, WalkedFrame } from '../target/stack-walk';

export interface FrameEntry {
  readonly core: number;
  readonly frame: WalkedFrame;
}

/** Frames that the client may ask about: those of the present stop. */
export class FrameStore {
  readonly #entries = new Map<number, FrameEntry>();
  readonly #walks = new Map<number, Promise<StackWalk>>();
  // Never used again, so that a late request about an old stop finds nothing.
  #nextId = 1;

  clear(): void {
    this.#entries.clear();
    this.#walks.clear();
  }

  /** Registers were written: the stack may look different now. */
  forgetWalks(): void {
    this.#walks.clear();
  }

  /** The stack of a core, walked once for each stop. */
  walk(core: number, make: () => Promise<StackWalk>): Promise<StackWalk> {
    let walk = this.#walks.get(core);
    if (walk === undefined) {
      walk = make();
      this.#walks.set(core, walk);
    }
    return walk;
  }

  add(core: number, frame: WalkedFrame): number {
    const id = this.#nextId++;
    this.#entries.set(id, { core, frame });
    return id;
  }

  get(id: number | undefined): FrameEntry | undefined {
    return id === undefined ? undefined : this.#entries.get(id);
  }
}
