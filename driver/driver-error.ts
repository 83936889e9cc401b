import { DEBUGGER_ERROR, DEBUGGER_ERROR_MEANING } from './sdk/tables.generated';

export type DebuggerErrorName = keyof typeof DEBUGGER_ERROR;

const nameOfCode = new Map<number, DebuggerErrorName>(
  (Object.keys(DEBUGGER_ERROR) as DebuggerErrorName[]).map((name) => [DEBUGGER_ERROR[name], name]),
);

/** What the user can do about a refusal; the meaning of a code alone often does not say it. */
const REMEDIES: Partial<Record<DebuggerErrorName, string>> = {
  DEBUGGER_ERROR_INVALID_ADDRESS:
    'Check that the address is mapped in the process the event is for; a bare number is hexadecimal.',
  DEBUGGER_ERROR_INVALID_CORE_ID:
    'Name a core below the number of processors, or leave "core" out for all of them.',
  DEBUGGER_ERROR_INVALID_PROCESS_ID:
    'Give the id of a running process in hexadecimal (0n for decimal), or leave "pid" out for all.',
  DEBUGGER_ERROR_EXCEPTION_INDEX_EXCEED_FIRST_32_ENTRIES:
    'Give a vector from 0 to 1e, or none for all of them.',
  DEBUGGER_ERROR_INTERRUPT_INDEX_IS_NOT_VALID: 'Give a vector from 20 to ff (hexadecimal).',
  DEBUGGER_ERROR_USING_SHORT_CIRCUITING_EVENT_WITH_POST_EVENT_MODE_IS_FORBIDDEDN:
    'Use "stage pre" with "sc on": after the instruction there is nothing left to skip.',
  DEBUGGER_ERROR_EPT_MULTIPLE_HOOKS_IN_A_SINGLE_PAGE:
    'Clear the other hook of that page first, or put both into one event.',
  DEBUGGER_ERROR_MAXIMUM_BREAKPOINT_FOR_A_SINGLE_PAGE_IS_HIT:
    'Clear a hook on the same page, or use one event with a condition.',
  DEBUGGER_ERROR_INSTANT_EVENT_REQUESTED_OPTIONAL_BUFFER_IS_BIGGER_THAN_DEBUGGERS_SEND_RECEIVE_STACK:
    'Ask for a buffer of at most 3e7 bytes (999).',
  DEBUGGER_ERROR_PRE_ALLOCATED_BUFFER_IS_EMPTY:
    'Let the target run for a moment, or reserve more with "prealloc".',
  DEBUGGER_ERROR_INSTANT_EVENT_REGULAR_PREALLOCATED_BUFFER_NOT_FOUND:
    'Clear an event, or reserve more with "prealloc regular-event".',
  DEBUGGER_ERROR_BREAKPOINT_ALREADY_EXISTS_ON_THE_ADDRESS:
    'Use the breakpoint that is there, or clear it first.',
  DEBUGGER_ERROR_EVENT_IS_NOT_APPLIED:
    'A break action needs debugger mode: connect to the target as a kernel debugger.',
  DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER: 'Check that the address is mapped.',
  DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_CURRENT_PROCESS:
    'Check that the address is mapped in the current process.',
  DEBUGGER_ERROR_EDIT_MEMORY_STATUS_INVALID_ADDRESS_BASED_ON_OTHER_PROCESS:
    'Check that the address is mapped in that process.',
  DEBUGGER_ERROR_THE_MODE_EXEC_TRAP_IS_NOT_INITIALIZED:
    'Run "preactivate mode" once while the target is running.',
};

/** The driver or the target refused a request, or did not answer. */
export class DriverError extends Error {
  override readonly name = 'DriverError';

  constructor(
    /** What was asked, as the start of a sentence: "the event at line 3 was refused". */
    readonly operation: string,
    /** SDK status code, or undefined when the target did not answer at all. */
    readonly code: number | undefined,
    detail: string,
  ) {
    super(`${operation}: ${detail}`);
  }

  get codeName(): DebuggerErrorName | undefined {
    return this.code === undefined ? undefined : nameOfCode.get(this.code);
  }
}

/** The refusal with the SDK status `code` (driver-protocol, error table), in words. */
export function refusal(operation: string, code: number): DriverError {
  const name = nameOfCode.get(code);
  if (name === undefined) return new DriverError(operation, code, `unknown status 0x${code.toString(16)}`);
  const remedy = REMEDIES[name];
  const meaning = DEBUGGER_ERROR_MEANING[name];
  return new DriverError(operation, code, `${meaning}${remedy === undefined ? '' : ` ${remedy}`} (${name})`);
}

/** Throws the refusal unless `status` is the success marker. */
export function requireSuccess(operation: string, status: number | bigint): void {
  const code = Number(status);
  if (code !== DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL) throw refusal(operation, code);
}
