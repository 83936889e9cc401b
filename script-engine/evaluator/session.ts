import { scriptLimits } from '../catalog/keywords';

export interface SessionBases {
  /** Address of the script stack's first word, as `&local` gives it. */
  readonly stack: bigint;
  readonly globals: bigint;
  readonly code: bigint;
}

/** A part of the kernel half that no guest maps: the real addresses are somewhere in the driver's pool. */
const KERNEL_BASES: SessionBases = {
  stack: 0xffffd5c0_20000000n,
  globals: 0xffffd5c0_30000000n,
  code: 0xffffd5c0_40000000n,
};

/** What lives from one run to the next: globals are shared by all scripts and cores (script-language 11). */
export class ScriptSession {
  readonly globals: BigUint64Array;
  /** Cleared before each run. */
  readonly stack = new BigUint64Array(scriptLimits.maxStackSlots);
  readonly bases: SessionBases;
  readonly stackBytes: Uint8Array;
  readonly globalBytes: Uint8Array;

  constructor(options: { readonly globals?: BigUint64Array; readonly bases?: SessionBases } = {}) {
    this.globals = options.globals ?? new BigUint64Array(scriptLimits.maxGlobalVariables);
    this.bases = options.bases ?? KERNEL_BASES;
    this.stackBytes = new Uint8Array(this.stack.buffer);
    this.globalBytes = new Uint8Array(this.globals.buffer, this.globals.byteOffset, this.globals.byteLength);
  }
}
