/** Pseudo registers: `$name`, read-only values about where the script runs (script-language 10). */

export interface PseudoRegister {
  /** With its `$`. */
  readonly name: string;
  readonly id: number;
  readonly summary: string;
  /** What it is outside the kernel. */
  readonly userMode: string;
  readonly description: string;
  /** A script that compiles. */
  readonly example: string;
}

/** `name | summary | user mode | longer text | example`; the order gives the ids. */
const rows = String.raw`
$pid | Process id. | host process id | The process that the event interrupted; 4 is the system process of Windows. | if ($pid == 4) { print($pid); }
$tid | Thread id. | host thread id | The thread that the event interrupted. | printf("thread %x\n", $tid);
$pname | Address of the process name (byte string). | address of a host buffer | Windows keeps at most 15 letters of the name. Compare it with strcmp; do not compare addresses. | if (strcmp($pname, "notepad.exe") == 0) { print($pid); }
$core | Processor number. | host processor number | The processor on which this script runs; the same script may run on others at the same time. | if ($core == 0) { print(@rip); }
$proc | Address of the process object. | 0 | On Windows the EPROCESS of the current process. | print($proc);
$thread | Address of the thread object. | 0 | On Windows the ETHREAD of the current thread. | print($thread);
$peb | Address of the PEB (0 in kernel mode). | host PEB on Windows, 0 on Linux | The block that Windows keeps for the process in user memory. | if ($peb != 0) { print(poi($peb + 10)); }
$teb | Address of the TEB. | 0 | The block that Windows keeps for the thread in user memory. | print($teb);
$ip | Guest instruction pointer. | 0 | The address of the instruction that caused the event, as @rip. | printf("at %llx\n", $ip);
$buffer | Address of the pre-allocated action buffer. | 0 | Memory that belongs to this action, as big as its buffer option says; the only place of its own that outlives a run. | x = eq($buffer, @rcx);
$context | Event-specific context. | 0 | What it holds depends on the event: an address for hidden hooks and monitors, the number of a system call, of an MSR, port or vector. | printf("context %llx\n", $context);
$event_tag | Tag of the triggering event. | 0 | The number that the driver uses for the event. | print($event_tag);
$event_id | Id of the triggering event (tag minus 0x1000000). | 0 | The number that the events command shows and that event_disable and its relatives take. | event_disable($event_id);
$event_stage | 0 = before emulation, 1 = after. | 0 | Tells the two runs of an event with stage all apart. | if ($event_stage == 1) { print(@rax); }
$date | Address of a date string. | 0 | A byte string for printf with %s. | printf("%s\n", $date);
$time | Address of a time string. | 0 | A byte string for printf with %s. | printf("%s\n", $time);
`;

/** All pseudo registers; the index is the id. */
export const pseudoRegisters: readonly PseudoRegister[] = rows
  .trim()
  .split('\n')
  .map((row, id) => {
    const [name = '', summary = '', userMode = '', description = '', example = ''] = row.split(' | ');
    return { name, id, summary, userMode, description, example };
  });

const byName = new Map(pseudoRegisters.map((register) => [register.name, register]));

/** The pseudo register of that name, with `$`. */
export function pseudoRegisterByName(name: string): PseudoRegister | undefined {
  return byName.get(name);
}

/** The pseudo register with that id of the symbol buffer. */
export function pseudoRegisterById(id: number): PseudoRegister | undefined {
  return pseudoRegisters[id];
}
