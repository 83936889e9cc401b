/** The part of the WebAssembly API that the tier uses: this room is compiled without the DOM's declarations. */

export interface WasmModule {
  readonly [Symbol.toStringTag]?: string;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WasmInstance;
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WasmMemory;
}

/** undefined where the runtime has no WebAssembly; scripts then stay in the interpreter. */
export function webAssembly(): WebAssemblyApi | undefined {
  const surroundings: object = globalThis;
  return (surroundings as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
}

/** True when the runtime makes no code or memory by policy or for lack of room; anything else is our mistake. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && /disallowed/.test(error.message));
}
