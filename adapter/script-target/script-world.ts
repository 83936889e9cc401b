/** The registers and the memory that a debugged script runs on. */

import { FIRST_EVENT_TAG } from '../arming/armed-events';
import { EventScriptMachine, type EventSwitches } from '../../driver/embedded/events/event-script-machine';
import { DEBUGGER_ERROR } from '../../driver/sdk/tables.generated';
import { registerByName } from '../../script-engine/catalog/registers';
import type { OccurrenceOfTest, ScriptTest } from '../../script-engine/command-file/script-test';
import { UserModeMachine } from '../../script-engine/conformance/user-mode-machine';
import { userModeBases } from '../../script-engine/conformance/user-mode-map';
import type { ScriptMachine, ScriptMemory } from '../../script-engine/evaluator/script-machine';
import { ScriptSession } from '../../script-engine/evaluator/session';
import { NamedMemory, plainPages } from '../cli/script-test/named-memory';
import { IDLE_SCENE, SyntheticHost } from '../cli/script-test/synthetic-host';
import { RequestError } from '../session/request-error';
import type { ScriptConfig } from './script-config';

export interface ScriptWorld {
  readonly machine: ScriptMachine;
  readonly session: ScriptSession;
  /** What it is, for people. */
  readonly label: string;
  /** Names of registers that are worth showing. */
  readonly registerNames: readonly string[];
}

const GENERAL = 'rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

/**
 * The world of `hds eval`, or where the header of the file describes an occurrence of the event (script-tests.md), that
 * occurrence as the event's script sees it. What the configuration gives is put on top.
 */
export function scriptWorldOf(
  config: ScriptConfig,
  test: ScriptTest,
  event: number | undefined,
  print: (text: string) => void,
): ScriptWorld {
  const occurrence = occurrenceOf(config, test, event);
  return occurrence === undefined
    ? userWorld(config, test, print)
    : occurrenceWorld(config, test, occurrence, print);
}

function occurrenceOf(
  { occurrence: wanted }: ScriptConfig,
  { steps }: ScriptTest,
  event: number | undefined,
): OccurrenceOfTest | undefined {
  const occurrences = steps.filter(
    (step): step is OccurrenceOfTest => step.kind === 'occurrence' && step.event === event,
  );
  const chosen = occurrences[(wanted ?? 1) - 1];
  if (wanted !== undefined && chosen === undefined) {
    throw new RequestError(
      `"occurrence" is ${wanted}, but the //@ header of the file has ${occurrences.length} "on:" line(s) for this event.`,
    );
  }
  return chosen;
}

function userWorld(config: ScriptConfig, test: ScriptTest, print: (text: string) => void): ScriptWorld {
  const machine = new UserModeMachine(config.registers);
  const named = new NamedMemory(plainPages());
  for (const step of test.steps) if (step.kind === 'memory') named.define(step.address, step.bytes);
  for (const { address, bytes } of config.memory) named.define(address, bytes);
  return {
    machine: withMemory(machine, overlaid(named, machine.memory), print),
    session: new ScriptSession({ bases: userModeBases }),
    label: 'user mode',
    registerNames: GENERAL,
  };
}

function withMemory(
  machine: UserModeMachine,
  memory: ScriptMemory,
  print: (text: string) => void,
): ScriptMachine {
  return {
    mode: machine.mode,
    generalRegisters: machine.generalRegisters,
    services: machine.services,
    memory,
    readRegister: () => machine.readRegister(),
    writeRegister: () => machine.writeRegister(),
    readPseudoRegister: (id) => machine.readPseudoRegister(id),
    print,
  };
}

function overlaid(top: NamedMemory, below: ScriptMemory): ScriptMemory {
  return {
    read: (address, size) => top.read(address, size) ?? below.read(address, size),
    write: (address, bytes) => top.write(address, bytes) || below.write(address, bytes),
    // There is no physical memory in user mode (script-language 9).
    readPhysical: () => undefined,
    writePhysical: () => false,
    virtualToPhysical: () => undefined,
    physicalToVirtual: () => undefined,
  };
}

function occurrenceWorld(
  config: ScriptConfig,
  test: ScriptTest,
  occurrence: OccurrenceOfTest,
  print: (text: string) => void,
): ScriptWorld {
  const memory = new NamedMemory(plainPages());
  // Memory that the header names before the occurrence.
  for (const step of test.steps) {
    if (step === occurrence) break;
    if (step.kind === 'memory') memory.define(step.address, step.bytes);
  }
  for (const { address, bytes } of config.memory) memory.define(address, bytes);
  const host = new SyntheticHost(memory, test.processName ?? '');
  const { core, processId, threadId } = occurrence;
  host.begin({ ...IDLE_SCENE, core, processId, threadId });
  const given = new Map([['rip', occurrence.rip] as const, ...occurrence.registers, ...config.registers]);
  for (const [name, value] of given) {
    const register = registerByName(name);
    if (register !== undefined) host.write(register, value);
  }
  const machine = new EventScriptMachine(host, askedOnly(occurrence.stage), print);
  machine.occasion = {
    eventTag: FIRST_EVENT_TAG + BigInt(occurrence.event),
    stage: occurrence.stage,
    context: occurrence.context,
    buffer: undefined,
  };
  const others = [...given.keys()].filter((name) => !GENERAL.includes(name));
  return {
    machine: telling(machine, host, print),
    session: new ScriptSession(),
    label: `occurrence of event ${occurrence.event}`,
    registerNames: [...GENERAL, ...new Set(['rip', 'rflags', ...others])],
  };
}

/** Events are not armed here: what a script asks about them is told and has no effect. */
function askedOnly(stage: 'pre' | 'post'): EventSwitches {
  return {
    setShortCircuit: () => stage === 'pre',
    modify: () => ({ status: DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL }),
  };
}

/** Tells at once what the script asked of the debugger. */
function telling(
  machine: EventScriptMachine,
  host: SyntheticHost,
  print: (text: string) => void,
): ScriptMachine {
  const { services } = machine;
  const told = (ask: () => void): void => {
    ask();
    for (const asked of host.takeAsked()) print(`[the script asks: ${asked}]\n`);
  };
  return {
    mode: machine.mode,
    generalRegisters: machine.generalRegisters,
    memory: machine.memory,
    readRegister: (id) => machine.readRegister(id),
    writeRegister: (id, value) => machine.writeRegister(id, value),
    readPseudoRegister: (id) => machine.readPseudoRegister(id),
    print,
    services: {
      ...services,
      pause: () => told(() => services.pause()),
      flush: () => told(() => services.flush()),
      shortCircuit: (on) => told(() => services.shortCircuit(on)),
      enableEvent: (id) => told(() => services.enableEvent(id)),
      disableEvent: (id) => told(() => services.disableEvent(id)),
      clearEvent: (id) => told(() => services.clearEvent(id)),
    },
  };
}
