/** Every command of the catalog, and what becomes of it over the kernel debugger's wire. */

import { commandByName, debuggerCommands } from '../../script-engine/catalog/commands';
import type { CommandContext, CommandLine, ConsoleState } from './command-context';
import { listBreakpoints, modifyBreakpoint, setBreakpoint } from './commands/breakpoint-commands';
import { assemble, disassemble } from './commands/code-commands';
import { go, selectCore, step, stepOut, track } from './commands/control-commands';
import { eventsCommand, registerEvent } from './commands/event-commands';
import {
  cpuid,
  interruptTable,
  ioApic,
  localApic,
  pciFunction,
  pciTree,
  systemManagement,
} from './commands/hardware-commands';
import { clearScreen, greet, help, output, settings, symbolPath } from './commands/local-commands';
import { dumpMemory, editMemory, searchMemory, showList, showMemory } from './commands/memory-commands';
import { processCommand, symbolCommand, threadCommand } from './commands/process-commands';
import { registers } from './commands/register-commands';
import { evaluate, formats } from './commands/script-commands';
import { callStack } from './commands/stack-command';
import { findSymbols, flush, test } from './commands/target-commands';
import { pageIn, pageTable, translate } from './commands/translation-commands';

export type CommandEntry =
  /** Asks the halted target. */
  | {
      readonly kind: 'halted';
      run(line: CommandLine, context: CommandContext): Promise<void>;
    }
  /** Lets the target run and waits for its next stop. */
  | { readonly kind: 'go'; run(line: CommandLine, context: CommandContext): Promise<void> }
  /** Needs no target. */
  | { readonly kind: 'local'; run(line: CommandLine, state: ConsoleState): void }
  /** Is the session's own business: its connection, its files, its time. */
  | { readonly kind: 'session'; readonly verb: SessionVerb }
  /** Goes as text to the debuggee's client program; `leavesRunning`: and the target runs then (8.4). */
  | { readonly kind: 'shipped'; readonly leavesRunning: boolean }
  /** Is not done; `reason` is a sentence that says why and what instead. */
  | { readonly kind: 'refused'; readonly reason: string };

export type SessionVerb = 'debug' | 'exit' | 'script' | 'sleep' | 'log open' | 'log close';

const halted = (run: (line: CommandLine, context: CommandContext) => Promise<void>): CommandEntry => ({
  kind: 'halted',
  run,
});
const local = (run: (line: CommandLine, state: ConsoleState) => void): CommandEntry => ({
  kind: 'local',
  run,
});
const session = (verb: SessionVerb): CommandEntry => ({ kind: 'session', verb });
const refused = (reason: string): CommandEntry => ({ kind: 'refused', reason });
const SHIPPED: CommandEntry = { kind: 'shipped', leavesRunning: false };
const SHIPPED_AND_RUNNING: CommandEntry = { kind: 'shipped', leavesRunning: true };

const NEEDS_PDB = refused(
  'Structure layouts come from PDB files, which this console does not read; "db", "dd" and "dq" show the memory itself.',
);
const NEEDS_FPGA = refused(
  'It is for a debugger in FPGA hardware, which is not reached over this wire; "hds compile" shows what a script compiles to.',
);
const NOT_REMOTE_VMI = refused(
  'It is for a console at a distance without halting; this session is a kernel debugger\'s: ".debug remote" and ".debug close" connect it.',
);

const BYTES = { widthBytes: 1, hasText: true } as const;
const WORDS_WITH_TEXT = { widthBytes: 4, hasText: true } as const;
const WORDS = { widthBytes: 4, hasText: false } as const;
const QUADS = { widthBytes: 8, hasText: false } as const;

const plainCommands: Readonly<Record<string, CommandEntry>> = {
  '~': halted(selectCore),
  '?': halted(evaluate),
  a: halted(assemble('virtual')),
  '!a': halted(assemble('physical')),
  bc: halted(modifyBreakpoint('clear')),
  bd: halted(modifyBreakpoint('disable')),
  be: halted(modifyBreakpoint('enable')),
  bl: halted(listBreakpoints),
  bp: halted(setBreakpoint),
  continue: SHIPPED_AND_RUNNING,
  cpu: SHIPPED,
  db: halted(showMemory(BYTES, 'virtual')),
  '!db': halted(showMemory(BYTES, 'physical')),
  dc: halted(showMemory(WORDS_WITH_TEXT, 'virtual')),
  '!dc': halted(showMemory(WORDS_WITH_TEXT, 'physical')),
  dd: halted(showMemory(WORDS, 'virtual')),
  '!dd': halted(showMemory(WORDS, 'physical')),
  dl: halted(showList('virtual')),
  '!dl': halted(showList('physical')),
  dq: halted(showMemory(QUADS, 'virtual')),
  '!dq': halted(showMemory(QUADS, 'physical')),
  dt: NEEDS_PDB,
  '!dt': NEEDS_PDB,
  eb: halted(editMemory(1, 'virtual')),
  '!eb': halted(editMemory(1, 'physical')),
  ed: halted(editMemory(4, 'virtual')),
  '!ed': halted(editMemory(4, 'physical')),
  eq: halted(editMemory(8, 'virtual')),
  '!eq': halted(editMemory(8, 'physical')),
  events: halted(eventsCommand),
  exit: session('exit'),
  flush: halted(flush),
  g: { kind: 'go', run: go },
  gg: local(greet),
  gu: halted(stepOut),
  i: halted(step('instrumentation')),
  k: halted(callStack),
  lm: SHIPPED,
  load: SHIPPED,
  output: local(output),
  p: halted(step('over')),
  pause: SHIPPED_AND_RUNNING,
  preactivate: SHIPPED,
  prealloc: SHIPPED,
  print: halted(evaluate),
  r: halted(registers),
  rdmsr: SHIPPED,
  sb: halted(searchMemory(1, 'virtual')),
  '!sb': halted(searchMemory(1, 'physical')),
  sd: halted(searchMemory(4, 'virtual')),
  '!sd': halted(searchMemory(4, 'physical')),
  settings: local(settings),
  sleep: session('sleep'),
  sq: halted(searchMemory(8, 'virtual')),
  '!sq': halted(searchMemory(8, 'physical')),
  struct: NEEDS_PDB,
  t: halted(step('in')),
  test: halted(test),
  u: halted(disassemble(64, 'virtual')),
  '!u': halted(disassemble(64, 'physical')),
  u2: halted(disassemble(32, 'virtual')),
  '!u2': halted(disassemble(32, 'physical')),
  ucpuid: halted(cpuid),
  unload: SHIPPED,
  wrmsr: SHIPPED,
  x: halted(findSymbols),
  '!apic': halted(localApic),
  '!hide': SHIPPED,
  '!hw': NEEDS_FPGA,
  '!hw_clk': NEEDS_FPGA,
  '!idt': halted(interruptTable),
  '!ioapic': halted(ioApic),
  '!lbr': SHIPPED,
  // The original asks a flag of its own machine first, which no connection sets (kdProtocol.requests).
  '!lbrdump': refused(
    'The trace module is not known to run in the target, and HyperDbg shows its branches only where it runs itself; "!lbr" sets the recording up.',
  ),
  '!measure': SHIPPED,
  '!pa2va': halted(translate(false)),
  '!pcicam': halted(pciFunction),
  '!pcitree': halted(pciTree),
  '!pt': refused(
    'HyperDbg controls processor trace only where it runs itself and not over this wire; run "!pt" on the target\'s own console.',
  ),
  '!pte': halted(pageTable),
  '!rev': SHIPPED,
  '!smi': halted(systemManagement),
  '!track': halted(track),
  '!unhide': SHIPPED,
  '!va2pa': halted(translate(true)),
  '.attach': SHIPPED_AND_RUNNING,
  '.cls': local(clearScreen),
  '.connect': NOT_REMOTE_VMI,
  '.debug': session('debug'),
  '.detach': SHIPPED_AND_RUNNING,
  '.disconnect': NOT_REMOTE_VMI,
  '.dump': halted(dumpMemory('virtual')),
  '!dump': halted(dumpMemory('physical')),
  '.formats': halted(formats),
  '.help': local(help),
  '.kill': SHIPPED,
  '.listen': NOT_REMOTE_VMI,
  '.logclose': session('log close'),
  '.logopen': session('log open'),
  '.pagein': halted(pageIn),
  '.pe': refused(
    'Files of this computer are not read here; "objdump -x FILE" or "dumpbin /headers FILE" shows them.',
  ),
  '.process': halted(processCommand),
  '.restart': SHIPPED_AND_RUNNING,
  '.script': session('script'),
  '.start': SHIPPED_AND_RUNNING,
  '.status': SHIPPED,
  '.switch': SHIPPED,
  '.sym': halted(symbolCommand),
  '.sympath': local(symbolPath),
  '.thread': halted(threadCommand),
};

const EVENT = halted(registerEvent);
const byName = new Map<string, CommandEntry>([
  ...Object.entries(plainCommands),
  ...debuggerCommands
    .filter(({ isEvent }) => isEvent)
    .map(({ name }): [string, CommandEntry] => [name, EVENT]),
]);

/** What becomes of a command, by any of its names; undefined for a word that is none. */
export function commandEntry(name: string): CommandEntry | undefined {
  const known = commandByName(name);
  return known && byName.get(known.name);
}
