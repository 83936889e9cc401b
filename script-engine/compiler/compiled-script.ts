/** What the script compiler makes and the evaluator and the driver run (script-language 5). */
export interface CompiledScript {
  /** The symbol buffer: `symbolCount` slots of 24 bytes. */
  readonly bytes: Uint8Array;
  /** DEBUGGER_GENERAL_ACTION.ScriptBufferPointer: slots, not bytes. */
  readonly symbolCount: number;
  /** For each slot the offset in the source text that made it, or −1. Lets a run-time error name a line. */
  readonly sourceOffsets: Int32Array;
}

/** Addresses of names; the caller decides where they come from. */
export interface SymbolResolver {
  /** Address of `module!name` or `name`, or undefined. Ambiguous bare names are undefined. */
  resolve(name: string): bigint | undefined;
}
