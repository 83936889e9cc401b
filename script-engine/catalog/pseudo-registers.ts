/** Pseudo registers: `$name`, read-only values about where the script runs (script-language 10). */

export interface PseudoRegister {
  /** With its `$`. */
  readonly name: string;
  readonly id: number;
  readonly summary: string;
  /** What it is outside the kernel. */
  readonly userMode: string;
}

const rows: readonly (readonly [name: string, summary: string, userMode: string])[] = [
  ['$pid', 'Process id.', 'host process id'],
  ['$tid', 'Thread id.', 'host thread id'],
  ['$pname', 'Address of the process name (byte string).', 'address of a host buffer'],
  ['$core', 'Processor number.', 'host processor number'],
  ['$proc', 'Address of the process object.', '0'],
  ['$thread', 'Address of the thread object.', '0'],
  ['$peb', 'Address of the PEB (0 in kernel mode).', 'host PEB on Windows, 0 on Linux'],
  ['$teb', 'Address of the TEB.', '0'],
  ['$ip', 'Guest instruction pointer.', '0'],
  ['$buffer', 'Address of the pre-allocated action buffer.', '0'],
  ['$context', 'Event-specific context.', '0'],
  ['$event_tag', 'Tag of the triggering event.', '0'],
  ['$event_id', 'Id of the triggering event (tag minus 0x1000000).', '0'],
  ['$event_stage', '0 = before emulation, 1 = after.', '0'],
  ['$date', 'Address of a date string.', '0'],
  ['$time', 'Address of a time string.', '0'],
];

/** All pseudo registers; the index is the id. */
export const pseudoRegisters: readonly PseudoRegister[] = rows.map(([name, summary, userMode], id) => ({
  name,
  id,
  summary,
  userMode,
}));

const byName = new Map(pseudoRegisters.map((register) => [register.name, register]));

/** The pseudo register of that name, with `$`. */
export function pseudoRegisterByName(name: string): PseudoRegister | undefined {
  return byName.get(name);
}

/** The pseudo register with that id of the symbol buffer. */
export function pseudoRegisterById(id: number): PseudoRegister | undefined {
  return pseudoRegisters[id];
}
