/** Cuts texts that arrive in pieces into lines, for each source on its own. */
export class LineSplitter<Source> {
  readonly #rests = new Map<Source, string>();

  constructor(private readonly onLine: (source: Source, line: string) => void) {}

  push(source: Source, text: string): void {
    const lines = ((this.#rests.get(source) ?? '') + text).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) this.onLine(source, line);
    if (rest === '') this.#rests.delete(source);
    else this.#rests.set(source, rest);
  }

  /** Delivers what is left without a line end. */
  flush(): void {
    const rests = [...this.#rests];
    this.#rests.clear();
    for (const [source, rest] of rests) this.onLine(source, rest);
  }
}
