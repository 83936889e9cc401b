/** Longer texts about the built-in functions, one entry a function of functions.ts; apart from it, because no check needs them. */

export interface FunctionText {
  /** What it changes or needs beside its result. */
  readonly effects: string;
  readonly description: string;
  /** A script that compiles. */
  readonly example: string;
}

/** `name | effects | description | example`; the example may hold anything, `\n` is a new line. */
const rows = String.raw`
reference | none | The same as unary &. Of a variable it is the place in the script's own memory, which lasts until this run of the script ends; of a register it is 0. | count = 5; where = reference(count); print(poi(where));
print | prints | Prints one 64-bit value in hexadecimal, without prefix, and ends the line. For anything more use printf. | print(@rax);
formats | sets the result of the evaluation | Hands a value to the .formats command, which shows it in all radixes. In a script it serves to deliver one result to who asked for the evaluation. | formats(@rcx + 10);
event_enable | switches an event on | Lets a disabled event trigger again. The number is the one the events command shows; in the script of an event $event_id is its own. | event_enable(2);
event_disable | switches an event off | Stops an event from triggering but keeps it, so that event_enable can bring it back. Useful to stop after the first hit: an event may disable itself. | event_disable($event_id);
event_clear | removes an event | Removes an event for good. An event may remove itself, which makes it one that triggers once. | event_clear($event_id);
test_statement | sets the result of the evaluation | Made for tests of the engine: the value becomes the result of an evaluation in user mode and is dropped in the kernel. | test_statement(5);
spinlock_lock | writes memory, waits | Waits until bit 0 of the 32-bit lock is free and takes it. Scripts of an event run on all processors at the same time: guard what they share. Always unlock on every path. | .lock = 0; spinlock_lock(&.lock); .count = 1; spinlock_unlock(&.lock);
spinlock_unlock | writes memory | Frees a lock by writing 0. It does not check who holds it. | .lock = 0; spinlock_lock(&.lock); spinlock_unlock(&.lock);
event_sc | decides whether the guest sees the event | Short-circuits the event that runs this script: with 1 the instruction that caused it is left out, with 0 it is emulated. Works before emulation only (stage pre). | if (@rcx == 0) { event_sc(1); }
microsleep | waits | Keeps this processor busy for so many microseconds. The guest stands still on this processor while it waits: keep it short. | microsleep(0n100);
printf | prints | Prints text with values. The format is a literal; conversions are %d %i %u %o %x with an optional l, ll or h, and %c %p %s %ws %ls %f, without widths. Each takes one value; use %llx for 64 bits. At most 4096 bytes. | printf("process %x at %llx\n", $pid, $ip);
pause | stops the guest | Breaks into the debugger as a breakpoint does, with this event as the reason. Works with a kernel debugger; elsewhere it only says that it cannot. | if ($pid == 4) { pause(); }
flush | drops messages | Forgets the messages that scripts have printed and that were not delivered yet. Useful after a flood of hits. | flush();
event_trace_step | steps after the event | After this event the guest does one more instruction, as the step-in command lets it do. | event_trace_step();
event_trace_step_in | steps after the event | The same as event_trace_step. | event_trace_step_in();
event_trace_step_out | none | Accepted for later versions; it does nothing now. | event_trace_step_out();
event_trace_instrumentation_step | steps after the event | After this event the guest does exactly one instruction while nothing else runs, as the i command does. | event_trace_instrumentation_step();
event_trace_instrumentation_step_in | steps after the event | The same as event_trace_instrumentation_step. | event_trace_instrumentation_step_in();
rdtsc | none | Reads the processor's time-stamp counter. Two readings on the same processor tell how many ticks passed. | start = rdtsc(); x = poi(@rsp); print(rdtsc() - start);
rdtscp | none | Like rdtsc, but waits until all earlier instructions are done. | start = rdtscp(); print(start);
lbr_save | reads branch records | Takes the last-branch records of this processor out of the hardware, so that lbr_print can show them. | lbr_save(); lbr_print();
lbr_dump | prints | Another name of lbr_print. | lbr_dump();
lbr_print | prints | Prints the branches that lbr_save has kept for this processor. | lbr_save(); lbr_print();
lbr_restore | switches branch records on | Goes on recording branches on this processor with the filter it had before. | lbr_restore();
lbr_check | none | 1 when branches are recorded on this processor, otherwise 0. | if (lbr_check() == 1) { lbr_print(); }
spinlock_lock_custom_wait | writes memory, waits | Like spinlock_lock; the second argument limits how long the pauses between two tries may grow. | .lock = 0; spinlock_lock_custom_wait(&.lock, 100); spinlock_unlock(&.lock);
event_inject | injects an event into the guest | Makes the guest take an interrupt or exception when it goes on. Types: 0 external interrupt, 2 NMI, 3 hardware exception, 4 software interrupt. A type of 8 or more or a vector above ff stops the script. | event_inject(3, 6);
poi | reads memory | The 64-bit value at a virtual address, in the address space of the process that the event interrupted. An address that cannot be read stops the script; ask check_address first. | print(poi(@rsp));
db | reads memory | The byte at a virtual address, as a number from 0 to ff. A bad address stops the script. | if (db(@rip) == 0cc) { print(1); }
dd | reads memory | The 32-bit value at a virtual address; the upper half of the result is 0. A bad address stops the script. | print(dd(@rcx + 4));
dw | reads memory | The 16-bit value at a virtual address; the rest of the result is 0. A bad address stops the script. | if (dw(@rcx) == 5a4d) { print(1); }
dq | reads memory | The 64-bit value at a virtual address, as poi. | print(dq(@rsp + 8));
neg | none | The negative of a value, as unary minus: 0 − x modulo 2^64. | print(neg(1));
hi | reads memory | Bits 31 to 16 of the value in memory: the upper half of a 32-bit number. Note that it takes an address, not a value. | print(hi(@rsp));
low | reads memory | Bits 15 to 0 of the value in memory. Note that it takes an address, not a value. | print(low(@rsp));
not | none | All bits of a value turned over, as unary ~. | print(not(0ff));
check_address | none | 1 when the byte at a virtual address can be read now, otherwise 0. Guard reads of pointers from the guest with it, because a failed read ends the script. | if (check_address(@rcx) == 1) { print(poi(@rcx)); }
disassemble_len | reads memory | How many bytes the 64-bit instruction at an address has: the next instruction lies so many bytes further. | next = $ip + disassemble_len($ip); print(next);
disassemble_len32 | reads memory | The same for 32-bit code. | print(disassemble_len32(@rip));
disassemble_len64 | reads memory | Another name of disassemble_len. | print(disassemble_len64($ip));
interlocked_increment | writes memory | Adds 1 to a 64-bit variable in one step that no other processor can interrupt, and returns the new value. The argument is an address. | .hits = 0; count = interlocked_increment(&.hits); print(count);
interlocked_decrement | writes memory | Subtracts 1 in one step and returns the new value. The argument is an address. | .hits = 5; count = interlocked_decrement(&.hits); print(count);
physical_to_virtual | none | A virtual address of the given physical one in the current process, or 0. | print(physical_to_virtual(@cr3));
virtual_to_physical | none | The physical address behind a virtual one in the current process, or 0 when it has none. | print(virtual_to_physical(@rsp));
poi_pa | reads memory | The 64-bit value at a physical address. An address behind the end of memory stops the script. | print(poi_pa(virtual_to_physical(@rsp)));
hi_pa | reads memory | Meant to be hi for physical addresses. HyperDbg 0.23 accepts it and cannot run it; in safe mode we make other code that works. | print(hi_pa(virtual_to_physical(@rsp)));
low_pa | reads memory | Meant to be low for physical addresses. HyperDbg 0.23 accepts it and cannot run it; in safe mode we make other code that works. | print(low_pa(virtual_to_physical(@rsp)));
db_pa | reads memory | The byte at a physical address. | print(db_pa(virtual_to_physical(@rsp)));
dd_pa | reads memory | The 32-bit value at a physical address. | print(dd_pa(virtual_to_physical(@rsp)));
dw_pa | reads memory | The 16-bit value at a physical address. | print(dw_pa(virtual_to_physical(@rsp)));
dq_pa | reads memory | The 64-bit value at a physical address, as poi_pa. | print(dq_pa(virtual_to_physical(@rsp)));
lbr_restore_by_filter | switches branch records on | Goes on recording branches on this processor; the bits of the filter name the kinds of branches that are left out. | x = lbr_restore_by_filter(0);
ed | writes memory | Writes a 32-bit value to a virtual address. 1 when it was written, 0 when the address is not there; the script goes on either way. | done = ed(@rcx, 90909090); print(done);
eb | writes memory | Writes a byte to a virtual address. 1 when it was written, 0 when the address is not there. | x = eb(@rcx, 90);
eq | writes memory | Writes a 64-bit value to a virtual address. 1 when it was written, 0 when the address is not there. | x = eq(@rsp + 8, 0);
interlocked_exchange | writes memory | Puts a new value into a 64-bit variable in one step and returns the old one. The first argument is an address. | .state = 1; old = interlocked_exchange(&.state, 2); print(old);
interlocked_exchange_add | writes memory | Adds to a 64-bit variable in one step and returns the old value. The first argument is an address. | .total = 1; old = interlocked_exchange_add(&.total, 8); print(old);
eb_pa | writes memory | Writes a byte to a physical address; 1 on success. Nothing protects what lies there: be sure of the address. | x = eb_pa(virtual_to_physical(@rcx), 90);
ed_pa | writes memory | Writes a 32-bit value to a physical address; 1 on success. | x = ed_pa(virtual_to_physical(@rcx), 0);
eq_pa | writes memory | Writes a 64-bit value to a physical address; 1 on success. | x = eq_pa(virtual_to_physical(@rcx), 0);
interlocked_compare_exchange | writes memory | When the variable still equals the third argument, stores the second, in one step. Returns what was there before: equal to the third argument means that it was stored. | .owner = 0; old = interlocked_compare_exchange(&.owner, $tid, 0); print(old);
strlen | reads memory | How many bytes a text has before its zero. The text is a literal or an address. | print(strlen("hello"));
strcmp | reads memory | Compares two byte strings: 0 when they are equal, −1 or 1 otherwise, 2 when one cannot be read. Compare with 0; kept in a variable without a type, −1 is a big number. | if (strcmp($pname, "notepad.exe") == 0) { print($pid); }
memcmp | reads memory | Compares so many bytes: 0 when they are equal, −1 or 1 otherwise, 2 when they cannot be read. | if (memcmp(@rcx, "MZ", 2) == 0) { print(@rcx); }
strncmp | reads memory | Like strcmp, but looks at no more than so many bytes: for prefixes. | if (strncmp($pname, "svc", 3) == 0) { print($pid); }
wcslen | reads memory | How many 16-bit characters a wide text has before its zero. | print(wcslen(L"hello"));
wcscmp | reads memory | Compares two texts of 16-bit characters, as strcmp does. In a condition a literal as second argument needs one as first too. | same = wcscmp(@rcx, L"file.txt"); print(same);
event_inject_error_code | injects an event into the guest | Like event_inject for exceptions that carry an error code, as a page fault (vector e) or a protection fault (vector d). | event_inject_error_code(3, 0e, 2);
memcpy | writes memory | Copies so many bytes. Both ranges must be there, or the script stops; a count of 0 is an error too. | memcpy(@rdi, @rsi, 10);
memcpy_pa | writes memory | Copies so many bytes between physical addresses. | memcpy_pa(virtual_to_physical(@rdi), virtual_to_physical(@rsi), 10);
wcsncmp | reads memory | Like wcscmp, but looks at no more than so many characters. | same = wcsncmp(@rcx, L"file", 4); print(same);
`;

function textOf(row: string): [name: string, text: FunctionText] {
  const [name = '', effects = '', description = '', ...example] = row.split(' | ');
  return [name, { effects, description, example: example.join(' | ') }];
}

/** Texts by the name of the function. */
export const functionTexts: ReadonlyMap<string, FunctionText> = new Map(rows.trim().split('\n').map(textOf));
