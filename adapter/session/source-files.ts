import { access } from 'node:fs/promises';

/** Which source files are on this computer; asked once for each file. */
export class SourceFiles {
  readonly #known = new Map<string, Promise<boolean>>();

  exists(file: string): Promise<boolean> {
    let known = this.#known.get(file);
    if (known === undefined) {
      known = access(file).then(
        () => true,
        () => false,
      );
      this.#known.set(file, known);
    }
    return known;
  }
}
