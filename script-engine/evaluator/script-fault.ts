/** Ends the run of a script. `detail` says why, for people; upstream's own text names the instruction only. */
export class ScriptFault extends Error {
  constructor(readonly detail: string) {
    super(detail);
    this.name = 'ScriptFault';
  }
}

/** Ends the run of the script that is executing. */
export function fault(detail: string): never {
  throw new ScriptFault(detail);
}

/** An address as messages show it. */
export function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
