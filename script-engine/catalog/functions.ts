/** Built-in functions of the script language (script-language 9); longer texts about them are in function-texts.ts. */

/** Where a function may stand and what it takes; upstream's grammar knows them by these classes. */
export type FunctionClass =
  | 'OneOpFunc1'
  | 'OneOpFunc2'
  | 'OneOpFunc3'
  | 'OneOpFunc4'
  | 'ThreeOpFunc1'
  | 'ThreeOpFunc2'
  | 'ThreeOpFunc3'
  | 'ThreeOpFunc4'
  | 'TwoOpFunc1'
  | 'TwoOpFunc2'
  | 'TwoOpFunc3'
  | 'TwoOpFunc4'
  | 'VarArgFunc1'
  | 'ZeroOpFunc1'
  | 'ZeroOpFunc2';

export type ParameterKind = 'expression' | 'string' | 'wide-string' | 'format' | 'variadic';

export interface FunctionParameter {
  readonly name: string;
  /** `string` and `wide-string` accept a literal or an expression; `format` a literal only. */
  readonly kind: ParameterKind;
}

export interface ScriptFunction {
  readonly name: string;
  readonly opcode: number;
  readonly functionClass: FunctionClass;
  readonly category: string;
  readonly summary: string;
  /** E.g. `u64 poi(address)`. */
  readonly signature: string;
  readonly parameters: readonly FunctionParameter[];
  /** Arguments it takes; printf: at least one. */
  readonly arity: number;
  /** Stands in expressions and conditions; the others are statements only. */
  readonly returnsValue: boolean;
  readonly userMode: string;
  readonly kernel: string;
  /** A known fault of upstream. */
  readonly note: string | undefined;
}

/** What a function does outside and inside the kernel; the rows below name these by their key. */
const availability: Readonly<Record<string, string>> = {
  works: 'works',
  storesTheValue: 'stores the value as the evaluation result; prints nothing',
  sendsTheResult: 'sends the result to the debugger, or prints hex when no debugger is attached',
  printsAnError: 'prints an error message only',
  recordsTheValue: 'records the value',
  noEffect: 'no effect',
  spinsForEver: 'spins for ever when already locked',
  addressValidatedInvalid: 'address validated; invalid aborts the script',
  worksInThe: 'works in the pre stage only; warns in the post stage',
  kernelDebuggerOnly: 'kernel debugger only; a message is logged in VMI mode',
  printsAnError2: 'prints an error message and yields 0',
  directDereferenceOf:
    'direct dereference of the given address in the debugger process; an unmapped address faults the process',
  addressValidatedFirst: 'address validated first; invalid address aborts the script with an evaluator error',
  addressValidatedFirst2:
    'address validated first; invalid address aborts the script with an evaluator error (only 4 bytes are validated)',
  needsTsxRtm: 'needs TSX RTM; without RTM always 0; always 0 for kernel-half addresses',
  worksOnLocal: 'works on local memory',
  operatesDirectlyOn: 'operates directly on local memory',
  always0: 'always 0',
  printsANot: 'prints a not-possible-in-user-mode message and yields 0',
  physicalAddressValidated: 'physical address validated; invalid aborts the script',
  notImplementedDesynchronises: 'not implemented: desynchronises the instruction stream',
  notImplemented: 'not implemented',
  writesDirectlyFaults: 'writes directly, faults on an unmapped address, returns 1',
  returns0Instead: 'returns 0 instead of failing when the address is invalid',
  result2WhenAn: '2 when an address is invalid',
  comparesInVmx: 'compares in vmx-safe fashion; 2 when an address is invalid',
  worksOnlyWhen: 'works only when both ranges validate (needs RTM) or both lie inside the script stack',
  validatedMovedIn: 'validated, moved in 64-byte chunks',
};

/**
 * name | opcode | class | category | parameters | summary | user mode | kernel | known fault.
 * A parameter is an expression, or `name:s` a string too, `name:w` a wide string too, `name:f` a format, `name:v` the rest.
 */
const rows = `
reference | 3 | OneOpFunc1 | memory | operand | Address of a variable; same as unary &. | works | works |
print | 36 | OneOpFunc2 | export | value | Print the value as lower-case hex followed by a newline. | works | works |
formats | 37 | OneOpFunc2 | export | value | Evaluate an expression for the .formats command. | storesTheValue | sendsTheResult |
event_enable | 38 | OneOpFunc2 | event | eventId | Enable a previously created event. | printsAnError | works |
event_disable | 39 | OneOpFunc2 | event | eventId | Disable an event. | printsAnError | works |
event_clear | 40 | OneOpFunc2 | event | eventId | Remove an event. | printsAnError | works |
test_statement | 41 | OneOpFunc2 | test | value | Test hook: records the value as the evaluation result. | recordsTheValue | noEffect |
spinlock_lock | 42 | OneOpFunc2 | spinlock | lock | Spin until a 32-bit lock is acquired (bit 0 is set). | spinsForEver | addressValidatedInvalid |
spinlock_unlock | 43 | OneOpFunc2 | spinlock | lock | Release a 32-bit lock by storing 0. | works | addressValidatedInvalid |
event_sc | 44 | OneOpFunc2 | event | enable | Enable or disable short-circuiting of the current event. | printsAnError | worksInThe | Known desynchronisation bug, see opcodes.
microsleep | 45 | OneOpFunc2 | timing | microseconds | Busy-wait for a number of microseconds. | works | works |
printf | 46 | VarArgFunc1 | export | format:f args:v | Formatted print; the format must be a string literal and the specifier count must equal the argument count at parse time. | works | works |
pause | 47 | ZeroOpFunc1 | debugger |  | Break into the debugger from the script. | printsAnError | kernelDebuggerOnly |
flush | 48 | ZeroOpFunc1 | event |  | Mark all queued log buffers as read. | printsAnError | works |
event_trace_step | 49 | ZeroOpFunc1 | trace |  | Request a regular step-in after this event. | printsAnError | works |
event_trace_step_in | 50 | ZeroOpFunc1 | trace |  | Request a regular step-in after this event. | printsAnError | works |
event_trace_step_out | 51 | ZeroOpFunc1 | trace |  | Reserved: accepted but does nothing. | noEffect | noEffect |
event_trace_instrumentation_step | 52 | ZeroOpFunc1 | trace |  | Request an instrumentation step-in. | printsAnError | works |
event_trace_instrumentation_step_in | 53 | ZeroOpFunc1 | trace |  | Request an instrumentation step-in. | printsAnError | works |
rdtsc | 54 | ZeroOpFunc2 | timing |  | Read the time-stamp counter. | works | works |
rdtscp | 55 | ZeroOpFunc2 | timing |  | Read the time-stamp counter with RDTSCP. | works | works |
lbr_save | 56 | ZeroOpFunc2 | lbr |  | Save the last-branch records of the current core. | printsAnError2 | works |
lbr_dump | 57 | ZeroOpFunc2 | lbr |  | Print the last-branch records (alias of lbr_print). | printsAnError2 | works |
lbr_print | 58 | ZeroOpFunc2 | lbr |  | Print the last-branch records. | printsAnError2 | works |
lbr_restore | 59 | ZeroOpFunc2 | lbr |  | Re-enable last-branch recording on this core with the earlier filter. | printsAnError2 | works |
lbr_check | 60 | ZeroOpFunc2 | lbr |  | 1 when last-branch recording is enabled on this core. | printsAnError2 | works |
spinlock_lock_custom_wait | 61 | TwoOpFunc2 | spinlock | lock maxWait | Acquire a lock with a chosen maximum back-off count. | spinsForEver | addressValidatedInvalid |
event_inject | 62 | TwoOpFunc2 | event | interruptionType vector | Inject an interrupt or exception into the guest (type < 8, vector < 256). | printsAnError | works |
poi | 63 | OneOpFunc1 | memory-read | address | Read a pointer-sized (8-byte) value from virtual memory. | directDereferenceOf | addressValidatedFirst |
db | 64 | OneOpFunc1 | memory-read | address | Read one byte, zero-extended. | directDereferenceOf | addressValidatedFirst | user mode reads 8 bytes and masks
dd | 65 | OneOpFunc1 | memory-read | address | Read a 32-bit word, zero-extended. | directDereferenceOf | addressValidatedFirst |
dw | 66 | OneOpFunc1 | memory-read | address | Read a 16-bit word, zero-extended. | directDereferenceOf | addressValidatedFirst |
dq | 67 | OneOpFunc1 | memory-read | address | Read a 64-bit word. | directDereferenceOf | addressValidatedFirst2 |
neg | 68 | OneOpFunc1 | arithmetic | value | Two's-complement negation of a 64-bit value (typed negation when the operand has an integer type). | works | works |
hi | 69 | OneOpFunc1 | memory-read | address | Read 8 bytes and return bits 31:16. | directDereferenceOf | addressValidatedFirst |
low | 70 | OneOpFunc1 | memory-read | address | Read 8 bytes and return bits 15:0. | directDereferenceOf | addressValidatedFirst |
not | 71 | OneOpFunc1 | arithmetic | value | Bitwise complement. | works | works |
check_address | 72 | OneOpFunc1 | memory | address | 1 when one byte at the address can be accessed safely, otherwise 0. | needsTsxRtm | works |
disassemble_len | 73 | OneOpFunc1 | disassembler | address | Length in bytes of the 64-bit instruction at an address. | worksOnLocal | works |
disassemble_len32 | 74 | OneOpFunc1 | disassembler | address | Length in bytes of the 32-bit instruction at an address. | worksOnLocal | works |
disassemble_len64 | 75 | OneOpFunc1 | disassembler | address | Same as disassemble_len. | worksOnLocal | works |
interlocked_increment | 76 | OneOpFunc1 | interlocked | target | Atomically add 1 to a 64-bit variable and return the new value. | operatesDirectlyOn | addressValidatedInvalid |
interlocked_decrement | 77 | OneOpFunc1 | interlocked | target | Atomically subtract 1 from a 64-bit variable and return the new value. | operatesDirectlyOn | addressValidatedInvalid |
physical_to_virtual | 78 | OneOpFunc1 | memory | physicalAddress | Translate a physical address using the current process. | always0 | works |
virtual_to_physical | 79 | OneOpFunc1 | memory | virtualAddress | Translate a virtual address using the current process. | always0 | works |
poi_pa | 80 | OneOpFunc1 | memory-read | physicalAddress | Read a 8-byte value from physical memory. | printsANot | physicalAddressValidated |
hi_pa | 81 | OneOpFunc1 | memory-read | physicalAddress | Intended: read physical memory and return bits 31:16. | notImplementedDesynchronises | notImplemented | Parser accepts it; the evaluator has no case for it. Do not use.
low_pa | 82 | OneOpFunc1 | memory-read | physicalAddress | Intended: read physical memory and return bits 15:0. | notImplementedDesynchronises | notImplemented | Parser accepts it; the evaluator has no case for it. Do not use.
db_pa | 83 | OneOpFunc1 | memory-read | physicalAddress | Read a 1-byte value from physical memory. | printsANot | physicalAddressValidated |
dd_pa | 84 | OneOpFunc1 | memory-read | physicalAddress | Read a 4-byte value from physical memory. | printsANot | physicalAddressValidated |
dw_pa | 85 | OneOpFunc1 | memory-read | physicalAddress | Read a 2-byte value from physical memory. | printsANot | physicalAddressValidated |
dq_pa | 86 | OneOpFunc1 | memory-read | physicalAddress | Read a 8-byte value from physical memory. | printsANot | physicalAddressValidated |
lbr_restore_by_filter | 87 | OneOpFunc1 | lbr | filter | Re-enable last-branch recording with a filter bit mask. | printsAnError2 | works |
ed | 88 | TwoOpFunc1 | memory-write | address value | Write a dword to virtual memory; result is 1 on success, 0 when the address is invalid. | writesDirectlyFaults | returns0Instead |
eb | 89 | TwoOpFunc1 | memory-write | address value | Write a byte to virtual memory; result is 1 on success, 0 when the address is invalid. | writesDirectlyFaults | returns0Instead |
eq | 90 | TwoOpFunc1 | memory-write | address value | Write a qword to virtual memory; result is 1 on success, 0 when the address is invalid. | writesDirectlyFaults | returns0Instead |
interlocked_exchange | 91 | TwoOpFunc1 | interlocked | target value | Atomically store a value and return the previous one. | operatesDirectlyOn | addressValidatedInvalid |
interlocked_exchange_add | 92 | TwoOpFunc1 | interlocked | target value | Atomically add and return the previous value. | operatesDirectlyOn | addressValidatedInvalid |
eb_pa | 93 | TwoOpFunc1 | memory-write | physicalAddress value | Write a byte to physical memory; 1 on success, 0 on an invalid address. | printsANot | works |
ed_pa | 94 | TwoOpFunc1 | memory-write | physicalAddress value | Write a dword to physical memory; 1 on success, 0 on an invalid address. | printsANot | works |
eq_pa | 95 | TwoOpFunc1 | memory-write | physicalAddress value | Write a qword to physical memory; 1 on success, 0 on an invalid address. | printsANot | works |
interlocked_compare_exchange | 96 | ThreeOpFunc1 | interlocked | target exchange comparand | Atomically store exchange when the target equals comparand; returns the previous value. | operatesDirectlyOn | addressValidatedInvalid |
strlen | 97 | OneOpFunc3 | string | text:s | Length of a NUL-terminated byte string. | works | works |
strcmp | 98 | TwoOpFunc3 | string | text1:s text2:s | Compare two byte strings; -1/0/1 stored in 64 bits. | works | result2WhenAn |
memcmp | 99 | ThreeOpFunc3 | string | buffer1:s buffer2:s count | Compare count bytes; result is negative, zero or positive stored in 64 bits. | works | comparesInVmx |
strncmp | 100 | ThreeOpFunc3 | string | text1:s text2:s count | Compare at most count bytes of two strings. | works | result2WhenAn |
wcslen | 101 | OneOpFunc4 | string | text:w | Length in 16-bit units of a NUL-terminated wide string. | works | works |
wcscmp | 102 | TwoOpFunc4 | string | text1:w text2:w | Compare two wide strings. | works | result2WhenAn |
event_inject_error_code | 103 | ThreeOpFunc2 | event | interruptionType vector errorCode | Inject an exception that carries an error code. | printsAnError | works | Known desynchronisation bug, see opcodes.
memcpy | 104 | ThreeOpFunc2 | memory | destination source count | Copy count bytes; ranges are validated; count 0 or above 0xffffffff is an error. | worksOnlyWhen | validatedMovedIn |
memcpy_pa | 105 | ThreeOpFunc2 | memory | destination source count | Copy bytes between physical addresses. | printsANot | works |
wcsncmp | 106 | ThreeOpFunc4 | string | text1:w text2:w count | Compare at most count 16-bit units of two wide strings. | works | result2WhenAn |
`;

const suffixes: Readonly<Record<string, ParameterKind>> = {
  s: 'string',
  w: 'wide-string',
  f: 'format',
  v: 'variadic',
};

function parameterOf(word: string): FunctionParameter {
  const [name = '', suffix = ''] = word.split(':');
  return { name, kind: suffixes[suffix] ?? 'expression' };
}

const kindWords: Readonly<Record<ParameterKind, string>> = {
  expression: '',
  string: 'string ',
  'wide-string': 'wide string ',
  format: 'format ',
  variadic: '… ',
};

function parameterText({ name, kind }: FunctionParameter): string {
  return `${kindWords[kind]}${name}`;
}

const statementClasses: ReadonlySet<string> = new Set([
  'OneOpFunc2',
  'TwoOpFunc2',
  'ThreeOpFunc2',
  'ZeroOpFunc1',
  'VarArgFunc1',
]);

function functionOf(row: string): ScriptFunction {
  const [
    name = '',
    opcode = '',
    className = '',
    category = '',
    words = '',
    summary = '',
    user = '',
    kernel = '',
    note = '',
  ] = row.split('|').map((cell) => cell.trim());
  const parameters = words === '' ? [] : words.split(' ').map(parameterOf);
  const returnsValue = !statementClasses.has(className);
  return {
    name,
    opcode: Number(opcode),
    functionClass: className as FunctionClass,
    category,
    summary,
    signature: `${returnsValue ? 'u64' : 'void'} ${name}(${parameters.map(parameterText).join(', ')})`,
    parameters,
    arity: parameters.length,
    returnsValue,
    userMode: availability[user] ?? user,
    kernel: availability[kernel] ?? kernel,
    note: note === '' ? undefined : note,
  };
}

/** All built-in functions, in the order of the specification. */
export const functions: readonly ScriptFunction[] = rows.trim().split('\n').map(functionOf);

const byName = new Map(functions.map((entry) => [entry.name, entry]));

/** The built-in function of that name. */
export function functionByName(name: string): ScriptFunction | undefined {
  return byName.get(name);
}
