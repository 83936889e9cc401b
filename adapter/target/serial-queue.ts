/** Runs pieces of work one after the other, in the order they were given. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    // The chain goes on after a failure; the failure itself belongs to the caller.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
