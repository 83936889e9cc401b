/** Commands of the debugger's command line. Events are commands too: their rows are in `events.ts`. */

import { eventKinds } from './events';

export type CommandCategory = 'debugging' | 'extension' | 'meta';

export interface DebuggerCommand {
  /** With its `!` or `.`. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly category: CommandCategory;
  readonly syntax: readonly string[];
  readonly summary: string;
  readonly example: string;
  /** State of the session it needs, or undefined when any will do. */
  readonly requires: string | undefined;
  readonly isEvent: boolean;
}

/** name and aliases # category # syntax ; syntax # summary # example # requires */
const rows = `
~ core # debugging # ~ ; ~ <Core> # Shows or switches the processor that the paused session is looking at. # ~ 3 # debugger-mode, paused
? eval evaluate # debugging # ? <script> # Runs script statements once in the paused context. # ? printf("%llx\\n", poi(@rsp)); # paused session
a asm assemble assembly # debugging # a <Address> {<instructions>} [pid <Pid>] ; a {<instructions>} [<StartAddress>] # Assembles text and writes it to virtual memory, or just prints the encoding. # a 7ff612340000 {xor eax, eax; ret} pid 1f40 #
!a !asm !assemble !assembly # debugging # !a <Address> {<instructions>} # Same as a, for physical memory. # !a 1a3000 {nop; nop} #
bc # debugging # bc <Id> # Deletes one classic breakpoint (kernel-debugger session only). # bc 3 # debugger-mode
bd # debugging # bd <Id> # Turns off one classic breakpoint (kernel-debugger session only). # bd 3 # debugger-mode
be # debugging # be <Id> # Turns on one classic breakpoint (kernel-debugger session only). # be 3 # debugger-mode
bl # debugging # bl # Lists classic breakpoints as text (kernel-debugger session only). # bl # debugger-mode
bp # debugging # bp <Address> [pid <Pid>] [tid <Tid>] [core <Core>] # Plants an int3 breakpoint; not an event, so it always stops. # bp kernel32!Sleep pid 2a10 # debugger-mode or attached process
continue cont # debugging # continue # Resumes the target from the debuggee side of a session. # continue #
cpu # debugging # cpu # Prints which processor features are present. # cpu #
db # debugging # db <Address> [l <Length>] [pid <Pid>] # Shows virtual memory as bytes with text. # db @rsp l 80 #
!db # debugging # !db <Address> [l <Length>] # Shows physical memory as bytes with text. # !db 1ad000 l 40 #
dc # debugging # dc <Address> [l <Length>] [pid <Pid>] # Shows virtual memory as 32-bit words with text. # dc @rsp l 80 #
!dc # debugging # !dc <Address> [l <Length>] # Shows physical memory as 32-bit words with text. # !dc 1ad000 l 40 #
dd # debugging # dd <Address> [l <Length>] [pid <Pid>] # Shows virtual memory as 32-bit words. # dd @rsp l 80 #
!dd # debugging # !dd <Address> [l <Length>] # Shows physical memory as 32-bit words. # !dd 1ad000 l 40 #
dl # debugging # dl <Address> [o <Offset>] [l <Count>] [pid <Pid>] # Follows a doubly linked list and prints each node. # dl nt!PsLoadedModuleList l 10 #
!dl # debugging # !dl <Address> [o <Offset>] [l <Count>] # Follows a linked list whose links are physical. # !dl 2f0010 l 8 #
dq # debugging # dq <Address> [l <Length>] [pid <Pid>] # Shows virtual memory as 64-bit words. # dq @rsp l 80 #
!dq # debugging # !dq <Address> [l <Length>] # Shows physical memory as 64-bit words. # !dq 1ad000 l 40 #
dt # debugging # dt <Module!Type> [<Address>] [pid <Pid>] [<display options>] # Lays a PDB type over virtual memory, or prints its shape. # dt nt!_KTHREAD @gs inline no #
!dt # debugging # !dt <Module!Type> [<Address>] [<display options>] # Same as dt on physical memory. # !dt nt!_KPROCESS 1c2080 #
eb # debugging # eb <Address> <Value>... [pid <Pid>] # Writes bytes to virtual memory. # eb @rcx+8 90 90 #
!eb # debugging # !eb <Address> <Value>... # Writes bytes to physical memory. # !eb 1ad010 0 #
ed # debugging # ed <Address> <Value>... [pid <Pid>] # Writes 32-bit words to virtual memory. # ed @rcx+8 90 90 #
!ed # debugging # !ed <Address> <Value>... # Writes 32-bit words to physical memory. # !ed 1ad010 0 #
eq # debugging # eq <Address> <Value>... [pid <Pid>] # Writes 64-bit words to virtual memory. # eq @rcx+8 90 90 #
!eq # debugging # !eq <Address> <Value>... # Writes 64-bit words to physical memory. # !eq 1ad010 0 #
events event # debugging # events ; events e|d|c all|<Number> ; events sc on|off # Lists events or enables, disables, removes them; sc changes short-circuit of the event you are stopped in. # events d 2 #
exit .exit # debugging # exit # Unloads everything and quits. # exit #
flush # debugging # flush # Throws away queued kernel messages. # flush #
g go # debugging # g # Resumes the target, or resumes message printing in VMI mode. # g #
gg # debugging # gg ; gg wp # Prints a greeting; no debugging function. # gg #
gu # debugging # gu [<Count>] # Runs until the current function returns by repeated step-over. # gu # paused session
i ir # debugging # i [<Count>] ; ir [<Count>] # Steps exactly one instruction on one core while all others stay halted (ir also prints registers). # ir 4 # debugger-mode, paused
k kd kq # debugging # k [base <Address>] [l <Length>] # Scans the stack for return addresses; kd/kq also print raw values. # kq l 200 # debugger-mode, paused
lm # debugging # lm [km|um] [m <Name>] [pid <Pid>] # Lists modules. # lm um pid 2a10 m ntdll #
load .load # debugging # load vmm|kd|trace|all # Installs the driver and starts the named module. # load vmm #
output # debugging # output ; output create <Name> file|namedpipe|tcp|module <Target> ; output open|close <Name> # Manages named sinks that event text can be copied to. # output create trace1 tcp 10.0.0.5:9000 #
p pr # debugging # p [<Count>] ; pr [<Count>] # Steps over calls (pr also prints registers). # p 3 # paused session
pause .pause # debugging # pause # Stops message printing; with an attached process also intercepts its threads. # pause #
preactivate preactive preactivation # debugging # preactivate mode # Turns on a feature ahead of time so that it can be used while halted. # preactivate mode #
prealloc preallocate preallocation # debugging # prealloc <Kind> <Count> # Reserves kernel pool blocks for later use in halted context. # prealloc monitor 20 #
print # debugging # print <Expression> # Prints the value of one expression. # print @rax + 0n16 #
r # debugging # r ; r <Register> ; r <Register> = <Expression> # Shows or changes registers of the paused context. # r rcx = @rdx + 10 # paused session
rdmsr # debugging # rdmsr <Msr> [core <Core>] # Reads a model-specific register on one or all cores. # rdmsr 1b core 0 #
sb # debugging # sb <Address> <Value>... l <Length> [pid <Pid>] # Looks for a run of bytes in virtual memory. # sb 7ff612340000 48 l 2000 #
!sb # debugging # !sb <Address> <Value>... l <Length> # Looks for a run of bytes in physical memory. # !sb 100000 90 l 1000 #
sd # debugging # sd <Address> <Value>... l <Length> [pid <Pid>] # Looks for a run of 32-bit words in virtual memory. # sd 7ff612340000 48 l 2000 #
!sd # debugging # !sd <Address> <Value>... l <Length> # Looks for a run of 32-bit words in physical memory. # !sd 100000 90 l 1000 #
settings setting .setting .settings # debugging # settings <Option> [<Value>] # Reads or changes client preferences. # settings syntax att #
sleep # debugging # sleep <Milliseconds> # Delays a batch file while output keeps flowing. # sleep 3e8 #
sq # debugging # sq <Address> <Value>... l <Length> [pid <Pid>] # Looks for a run of 64-bit words in virtual memory. # sq 7ff612340000 48 l 2000 #
!sq # debugging # !sq <Address> <Value>... l <Length> # Looks for a run of 64-bit words in physical memory. # !sq 100000 90 l 1000 #
struct structure # debugging # struct <Module!Pattern> [<display options>] # Emits type declarations taken from a PDB. # struct nt!_LIST_ENTRY output le.h #
t tr # debugging # t [<Count>] ; tr [<Count>] # Single-steps into calls (tr also prints registers). # t # paused session
test .test # debugging # test query|trap-status|pool ; test breakpoint|trap on|off # Self tests and interception switches. # test breakpoint off #
u u64 # debugging # u <Address> [l <Length>] [pid <Pid>] # Disassembles virtual memory as 64-bit code. # u @rip l 30 #
!u !u64 # debugging # !u <Address> [l <Length>] # Disassembles physical memory as 64-bit code. # !u 1ad000 #
u2 u32 # debugging # u2 <Address> [l <Length>] [pid <Pid>] # Disassembles virtual memory as 32-bit code. # u2 @rip l 30 #
!u2 !u32 # debugging # !u2 <Address> [l <Length>] # Disassembles physical memory as 32-bit code. # !u2 1ad000 #
ucpuid cpuid # debugging # cpuid [<Function>] [<SubFunction>] # Executes CPUID and decodes the answer (new in 0.23). # cpuid 7 0 #
unload # debugging # unload vmm|kd|trace|all ; unload remove all|vmm # Stops a module, optionally deleting the driver service. # unload remove all #
wrmsr # debugging # wrmsr <Msr> <Value> [core <Core>] # Writes a model-specific register. # wrmsr c0000103 55 core 1 #
x # debugging # x <Module!Wildcard> # Finds symbols by wildcard. # x ntdll!Nt*File #
!apic !lapic !localapic # extension # !apic # Dumps the local APIC. # !apic #
!hide # extension # !hide ; !hide pid <Pid> ; !hide name <Process> # Enters transparent mode (compiled out of stock 0.23 builds). # !hide pid 2a10 #
!hw # extension # !hw script { <script> } ; !hw unload # Sends a script to FPGA hardware. # !hw unload #
!hw_clk !hw_clock !hwdbg_clock # extension # !hw_clk script { <script> } # Runs a script on each hardware clock. # !hw_clk script { @hw_pin2 = 1; } #
!idt # extension # !idt [<Vector>] # Shows interrupt descriptor entries. # !idt e #
!ioapic # extension # !ioapic # Dumps I/O APIC redirection entries. # !ioapic #
!lbr # extension # !lbr enable|disable|flush ; !lbr filter [<Option>...] # Controls last-branch recording (needs the trace module). # !lbr filter user jcc #
!lbrdump !lbrdmp !lbrprint # extension # !lbrdump [core <Core>] # Prints recorded branches. # !lbrdump core 2 #
!measure # extension # !measure [default] # Obsolete timing helper of transparent mode. # !measure #
!pa2va # extension # !pa2va <Address> [pid <Pid>] # Translates physical to virtual. # !pa2va 1ad000 #
!pcicam # extension # !pcicam <Bus> <Device> <Function> [x] # Decodes the configuration space of one PCI function. # !pcicam 0 1f 3 #
!pcitree !pcietree # extension # !pcitree # Lists PCI functions. # !pcitree #
!pt # extension # !pt enable [pid|tid|pname|path|cr3 <Value>] [size <Bytes>] [core <Core>] ; !pt disable|pause|resume|flush ; !pt dump print|<File> [type instruction|packet] ; !pt filter [user] [kernel] [rangeN|stoprangeN <From> <To>|module <Name>] ; !pt packet <Kind>... # Controls Intel processor trace (needs the trace module). # !pt enable pid 2a10 size 400000 #
!pte # extension # !pte <Address> [pid <Pid>] # Shows the four paging entries of an address. # !pte @rsp #
!rev rev # extension # !rev pattern|reconstruct [pid <Pid>] ; !rev path <File> [<Parameter>...] # Experimental memory reconstruction. # !rev pattern pid 2a10 #
!smi # extension # !smi count|trigger # Reads the SMI counter or raises an SMI. # !smi count #
!track track # extension # !track tree|reg [<Count>] # Single-steps many times to build a call tree. # !track tree 800 # debugger-mode, paused
!unhide # extension # !unhide # Leaves transparent mode. # !unhide #
!va2pa # extension # !va2pa <Address> [pid <Pid>] # Translates virtual to physical. # !va2pa @rip #
.attach attach # meta # .attach pid <Pid> # Attaches the user-mode debugger to a running process. # .attach pid 2a10 #
.cls cls clear # meta # .cls # Clears the console. # .cls #
.connect connect # meta # .connect local ; .connect <Ip> <Port> # Selects the local machine or a remote VMI listener. # .connect 10.0.0.9 50000 #
.debug debug # meta # .debug remote [pause] serial <Baud> <ComN> ; .debug remote [pause] namedpipe <Pipe> ; .debug prepare serial <Baud> <ComN> ; .debug close # Starts or ends a kernel-debugger session over serial or pipe. # .debug remote pause namedpipe \\\\.\\pipe\\vm1 #
.detach detach # meta # .detach # Continues and releases the attached process. # .detach #
.disconnect disconnect # meta # .disconnect # Ends the current local/remote selection. # .disconnect #
.dump dump # meta # .dump <From> <To> [pid <Pid>] path <File> # Saves a virtual range to a file. # .dump 7ff612340000 7ff612341000 path d:\\\\m.bin #
!dump # meta # !dump <From> <To> path <File> # Saves a physical range to a file. # !dump 1000 2000 path d:\\\\p.bin #
.formats .format # meta # .formats <Expression> # Shows one value in several bases. # .formats @rflags #
.help .hh help !help # meta # .help <Command> # Shows usage of a command. # .help bp #
.kill kill # meta # .kill # Terminates the debugged process. # .kill #
.listen listen # meta # .listen [<Port>] # Waits for a remote VMI client. # .listen 50123 #
.logclose # meta # .logclose # Stops copying the console. # .logclose #
.logopen # meta # .logopen <File> # Starts copying the console to a file. # .logopen d:\\\\s.txt #
.pagein pagein # meta # .pagein [<Mode>] <Address> [l <Length>] # Makes the guest fault a page in (useful only in a halted kernel session). # .pagein u 7ff612340000 l 3000 #
.pe # meta # .pe header <File> ; .pe section <Name> <File> # Parses an executable file. # .pe section .text d:\\\\a.exe #
.process .process2 process process2 # meta # .process ; .process list ; .process pid <Pid> ; .process process <Eprocess> # Shows, lists or switches the process of a halted kernel session (…2 uses the clock-interrupt method). # .process list #
.restart restart # meta # .restart # Kills and starts the last started program again. # .restart #
.script script # meta # .script <File> [<Arg>...] # Runs a command file; $arg0 is the file, $arg1.. the arguments. # .script d:\\\\t.ds 40 @rcx #
.start start # meta # .start path <File> [<Parameter>...] # Launches a program under the user-mode debugger. # .start path d:\\\\app.exe -v #
.status status # meta # .status # Says what the client is connected to. # .status #
.switch switch # meta # .switch ; .switch list ; .switch pid <Pid> ; .switch tid <Tid> # Lists intercepted threads or selects another one. # .switch tid 3c8 #
.sym sym # meta # .sym table|load|unload|download ; .sym reload [pid <Pid>] ; .sym add base <Address> path <Pdb> # Manages PDB symbols. # .sym reload pid 2a10 #
.sympath sympath # meta # .sympath [<Path>] # Shows or sets the symbol search path. # .sympath "SRV*d:\\\\sym*https://example.org/sym" #
.thread .thread2 thread thread2 # meta # .thread ; .thread list [process <Eprocess>] ; .thread tid <Tid> ; .thread thread <Ethread> # Shows, lists or switches the thread of a halted kernel session. # .thread tid 1f4 #
`;

function category(word: string | undefined): CommandCategory {
  return word === 'extension' || word === 'meta' ? word : 'debugging';
}

function ofRow(row: string): DebuggerCommand {
  const [names = '', kind, syntax = '', summary = '', example = '', requires] = row.split(' # ');
  const [name = '', ...aliases] = names.split(' ');
  return {
    name,
    aliases,
    category: category(kind),
    syntax: syntax.split(' ; '),
    summary,
    example,
    requires,
    isEvent: false,
  };
}

const eventCommands: readonly DebuggerCommand[] = eventKinds
  .filter((kind) => kind.commands.length > 0)
  .map((kind) => ({
    name: kind.commands[0]?.name ?? '',
    aliases: kind.commands.slice(1).map((command) => command.name),
    category: 'extension',
    syntax: [kind.syntax],
    summary: kind.summary,
    example: kind.example,
    requires: undefined,
    isEvent: true,
  }));

/** All commands, events last. */
export const debuggerCommands: readonly DebuggerCommand[] = [
  ...rows.trim().split('\n').map(ofRow),
  ...eventCommands,
];

const byName = new Map(
  debuggerCommands.flatMap((command) =>
    [command.name, ...command.aliases].map((name) => [name, command] as const),
  ),
);

/** The command of that name or alias; names compare without case. */
export function commandByName(name: string): DebuggerCommand | undefined {
  return byName.get(name.toLowerCase());
}

/** All names and aliases. */
export function commandNames(): IterableIterator<string> {
  return byName.keys();
}
