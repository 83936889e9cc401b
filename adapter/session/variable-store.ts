import type { CValue } from './c-value';
import type { FrameVariables } from './frame-variables';

/** What a `variablesReference` stands for. */
export type VariableContainer =
  | { readonly kind: 'registers'; readonly core: number }
  | { readonly kind: 'flags'; readonly core: number }
  | { readonly kind: 'segments'; readonly core: number }
  | { readonly kind: 'event'; readonly core: number }
  /** Variables of the program in a frame. */
  | { readonly kind: 'arguments' | 'locals'; readonly core: number; readonly frame: FrameVariables }
  | {
      readonly kind: 'c value';
      readonly core: number;
      readonly frame: FrameVariables;
      readonly value: CValue;
    };

/** References handed to the client since the last stop. */
export class VariableStore {
  readonly #containers = new Map<number, VariableContainer>();
  #nextReference = 1;

  clear(): void {
    this.#containers.clear();
  }

  add(container: VariableContainer): number {
    const reference = this.#nextReference++;
    this.#containers.set(reference, container);
    return reference;
  }

  get(reference: number): VariableContainer | undefined {
    return this.#containers.get(reference);
  }
}
