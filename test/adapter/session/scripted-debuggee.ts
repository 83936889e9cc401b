/** A debuggee whose life the test decides: it records what is asked, and stops and speaks when told to. */

import type {
  ActionRequest,
  Debuggee,
  DebuggeeListener,
  EventRequest,
  EventVerb,
  ProcessDetails,
  RegisterFile,
  ScriptResult,
  StepKind,
  Stop,
  TargetModule,
} from '../../../driver/debuggee';
import { refusal } from '../../../driver/driver-error';
import { DEBUGGER_ERROR } from '../../../driver/sdk/tables.generated';
import { generalRegisterOrder, registerById } from '../../../script-engine/catalog/registers';
import { runScriptText } from './script-world';

export interface RecordedEvent extends EventRequest {
  readonly actions: ActionRequest[];
  enabled: boolean;
}

export class ScriptedDebuggee implements Debuggee {
  readonly description = 'scripted';
  halted: Stop | undefined;
  modules: readonly TargetModule[] = [];
  readonly general = new BigUint64Array(16);
  rflags = 0x202n;
  readonly events = new Map<bigint, RecordedEvent>();
  readonly breakpoints = new Map<bigint, bigint>();
  readonly memory = new Map<bigint, Uint8Array>();
  readonly globals = new BigUint64Array(512);
  /** Requests in order, `name` or `name detail`. */
  readonly log: string[] = [];
  /** Makes the next request of this name fail with an SDK status. */
  refuse: { request: string; code: keyof typeof DEBUGGER_ERROR; after?: number } | undefined;
  /** What happens when the target runs; the default is nothing. */
  onResume: () => void = () => undefined;
  closes = true;
  context = 0n;
  #listener: DebuggeeListener = {};
  #nextBreakpoint = 1n;

  constructor(entry = 0x401000n) {
    this.halted = this.stopAt('requested', entry);
  }

  get rip(): bigint {
    return this.halted?.rip ?? 0n;
  }

  stopAt(reason: Stop['reason'], rip: bigint, eventTag = 0n): Stop {
    return {
      reason,
      core: 0,
      rip,
      rflags: this.rflags,
      is32Bit: false,
      eventTag,
      stage: reason === 'event' ? 'pre' : undefined,
      instructionBytes: new Uint8Array(0),
    };
  }

  /** The target halts by itself. */
  stop(reason: Stop['reason'], rip: bigint, eventTag = 0n): void {
    this.halted = this.stopAt(reason, rip, eventTag);
    this.#listener.stopped?.(this.halted);
  }

  /** An event occurs: its actions run newest first, as in driver-protocol 5.3. */
  fire(tag: bigint, rip: bigint, context = rip): void {
    const event = this.events.get(tag);
    if (event === undefined || !event.enabled) return;
    this.context = context;
    for (const action of event.actions.toReversed()) {
      if (action.kind === 'break') this.stop('event', rip, tag);
      if (action.kind !== 'script') continue;
      const run = runScriptText(this, action.bytes, action.symbolCount);
      if (run.text !== '') this.say(run.text, tag);
      if (run.paused) this.stop('event', rip, tag);
    }
  }

  say(text: string, eventTag?: bigint): void {
    this.#listener.message?.({ kind: 'script', text, eventTag });
  }

  end(reason: string): void {
    this.#listener.ended?.(reason);
  }

  map(address: bigint, bytes: Uint8Array): void {
    this.memory.set(address, bytes);
  }

  listen(listener: DebuggeeListener): void {
    this.#listener = listener;
  }

  async pause(): Promise<Stop> {
    this.#record('pause');
    this.halted ??= this.stopAt('requested', 0x401500n);
    return this.halted;
  }

  async resume(): Promise<void> {
    this.#record('resume');
    this.halted = undefined;
    this.onResume();
  }

  async step(kind: StepKind): Promise<Stop> {
    this.#record(`step ${kind}`);
    this.halted = this.stopAt('step', this.rip + 1n);
    return this.halted;
  }

  async readRegisters(): Promise<RegisterFile> {
    this.#record('readRegisters');
    return {
      general: BigUint64Array.from(this.general),
      cs: 0x33,
      ss: 0x2b,
      ds: 0,
      es: 0,
      fs: 0,
      gs: 0,
      rflags: this.rflags,
      rip: this.rip,
    };
  }

  async readRegister(registerId: number): Promise<bigint> {
    return this.registerValue(registerId);
  }

  registerValue(registerId: number): bigint {
    const register = registerById(registerId);
    if (register === undefined) return 0n;
    if (register.parent === 'rip') return this.rip;
    const whole =
      register.generalIndex === undefined ? this.rflags : (this.general[register.generalIndex] ?? 0n);
    return (whole >> BigInt(register.shift)) & ((1n << BigInt(register.width)) - 1n);
  }

  async writeRegister(registerId: number, value: bigint): Promise<void> {
    const register = registerById(registerId);
    const index = generalRegisterOrder.findIndex((name) => name === register?.parent);
    this.#record(`writeRegister ${register?.name} 0x${value.toString(16)}`);
    if (register?.name === 'rip' && this.halted !== undefined) this.halted = { ...this.halted, rip: value };
    if (index >= 0) this.general[index] = value;
  }

  async readMemory(address: bigint, sizeBytes: number): Promise<Uint8Array> {
    this.#record('readMemory');
    return this.bytesAt(address, sizeBytes);
  }

  bytesAt(address: bigint, sizeBytes: number): Uint8Array {
    for (const [base, bytes] of this.memory) {
      const offset = Number(address - base);
      if (offset >= 0 && offset < bytes.length) return bytes.slice(offset, offset + sizeBytes);
    }
    return new Uint8Array(0);
  }

  async writeMemory(address: bigint, written: Uint8Array): Promise<void> {
    this.#record(`writeMemory 0x${address.toString(16)}`);
    for (const [base, bytes] of this.memory) {
      const offset = Number(address - base);
      if (offset >= 0 && offset < bytes.length) bytes.set(written, offset);
    }
  }

  async translate(virtualAddress: bigint): Promise<bigint | undefined> {
    return virtualAddress;
  }

  async currentProcess(): Promise<ProcessDetails> {
    this.#record('currentProcess');
    return { processId: 42, threadId: 43, processName: 'guest', processObject: 0n, threadObject: 0n };
  }

  async selectCore(): Promise<Stop> {
    return this.halted ?? this.stopAt('core switched', 0n);
  }

  async registerEvent(event: EventRequest): Promise<void> {
    this.#record(`registerEvent 0x${event.tag.toString(16)}`);
    this.events.set(event.tag, { ...event, actions: [], enabled: false });
  }

  async addAction(tag: bigint, action: ActionRequest): Promise<void> {
    this.#record(`addAction 0x${tag.toString(16)} ${action.kind}`);
    const event = this.events.get(tag);
    event?.actions.push(action);
    if (event !== undefined) event.enabled = true;
  }

  async modifyEvent(tag: bigint | 'all', verb: EventVerb): Promise<boolean> {
    this.#record(`modifyEvent ${tag === 'all' ? tag : `0x${tag.toString(16)}`} ${verb}`);
    if (tag === 'all') return false;
    if (verb === 'clear') this.events.delete(tag);
    const event = this.events.get(tag);
    if (event !== undefined && verb !== 'query') event.enabled = verb === 'enable';
    return event?.enabled ?? false;
  }

  async setBreakpoint(address: bigint): Promise<bigint> {
    this.#record(`setBreakpoint 0x${address.toString(16)}`);
    const id = this.#nextBreakpoint++;
    this.breakpoints.set(id, address);
    return id;
  }

  async clearBreakpoint(id: bigint): Promise<void> {
    this.#record(`clearBreakpoint ${id}`);
    this.breakpoints.delete(id);
  }

  async runScript(bytes: Uint8Array, symbolCount: number): Promise<ScriptResult> {
    this.#record('runScript');
    const { text, value } = runScriptText(this, bytes, symbolCount);
    return { text, value };
  }

  async reloadModules(): Promise<readonly TargetModule[]> {
    return this.modules;
  }

  async close(): Promise<void> {
    this.#record('close');
    if (!this.closes) await new Promise(() => undefined);
  }

  #record(entry: string): void {
    this.log.push(entry);
    const { refuse } = this;
    if (refuse === undefined || !entry.startsWith(refuse.request)) return;
    if ((refuse.after ?? 0) > 0) {
      this.refuse = { ...refuse, after: (refuse.after ?? 0) - 1 };
      return;
    }
    this.refuse = undefined;
    throw refusal(`The request "${refuse.request}" was refused`, DEBUGGER_ERROR[refuse.code]);
  }
}
