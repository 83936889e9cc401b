// The package has types, but its `exports` hide them; this is the part that is used here.
declare module 'keystone-wasm' {
  export class Keystone {
    constructor(arch: number, mode: number);
    /** Throws an Error whose message ends in Keystone's text. */
    asm(data: string, options?: { address?: number | bigint }): Uint8Array;
    close(): void;
  }
  export const Const: { readonly KS_ARCH_X86: number; readonly KS_MODE_64: number };
  export function loadKeystone(args?: Record<string, unknown>): Promise<void>;
}
