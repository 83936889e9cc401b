/** A debugger's session with the embedded machine, as tests need it. */

import { connectKdDebuggee } from '../../../driver/kd/kd-debuggee';
import type { ActionRequest, Debuggee, EventRequest, Stop } from '../../../driver/debuggee';
import {
  startEmbeddedMachine,
  type ConsoleEvent,
  type EmbeddedMachine,
  type EmbeddedMachineOptions,
} from '../../../driver/embedded/embedded-machine';
import { VMM_EVENT_TYPE_ENUM } from '../../../driver/sdk/tables.generated';
import { compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';

const FIRST_TAG = 0x100_0000n;
const ALL = 0xffff_ffff;

export class Session {
  readonly messages: string[] = [];
  readonly errors: string[] = [];
  readonly buffers: Uint8Array[] = [];
  /** Output of the guest and messages, as they came. */
  readonly log: string[] = [];
  stdout = '';
  /** Bytes of the guest's output. */
  output = Buffer.alloc(0);
  readonly #stops: Stop[] = [];
  readonly #globals = new GlobalTable();
  #waiting: ((stop: Stop | undefined) => void) | undefined;
  #nextTag = FIRST_TAG;
  readonly ended: Promise<ConsoleEvent>;
  readonly firstOutput: Promise<void>;

  private constructor(
    readonly machine: EmbeddedMachine,
    readonly debuggee: Debuggee,
  ) {
    let printed = (): void => undefined;
    this.firstOutput = new Promise((resolve) => (printed = resolve));
    this.ended = new Promise((resolve) =>
      machine.onConsole((event) => {
        if (event.kind === 'output') {
          this.stdout += Buffer.from(event.bytes).toString();
          this.output = Buffer.concat([this.output, event.bytes]);
          this.log.push(Buffer.from(event.bytes).toString());
          printed();
          return;
        }
        resolve(event);
        this.#waiting?.(undefined);
      }),
    );
    debuggee.listen({
      stopped: (stop) => {
        if (this.#waiting === undefined) this.#stops.push(stop);
        else this.#waiting(stop);
      },
      message: (message) => {
        (message.kind === 'script' ? this.messages : this.errors).push(message.text);
        this.log.push(message.text);
      },
      buffer: (buffer) => this.buffers.push(buffer.bytes),
    });
  }

  /** Loads the program and halts it at its entry point. */
  static start(program: string, ...args: string[]): Promise<Session> {
    return Session.startWith({ program, arguments: args, environment: { NAME: 'value' } });
  }

  static async startWith(options: EmbeddedMachineOptions): Promise<Session> {
    const machine = await startEmbeddedMachine(options);
    const debuggee = await connectKdDebuggee(machine.stream);
    const session = new Session(machine, debuggee);
    await debuggee.pause();
    return session;
  }

  /** Registers an event and adds its actions in the given order. */
  async arm(event: Partial<EventRequest> & { type: number }, ...actions: ActionRequest[]): Promise<bigint> {
    const tag = this.#nextTag++;
    await this.debuggee.registerEvent({
      tag,
      coreId: ALL,
      processId: ALL,
      stage: 1,
      shortCircuit: false,
      options: [],
      condition: undefined,
      ...event,
    });
    for (const action of actions) await this.debuggee.addAction(tag, action, true);
    return tag;
  }

  /** `!epthook address`. */
  async hook(address: bigint, ...actions: ActionRequest[]): Promise<bigint> {
    return this.arm({ type: VMM_EVENT_TYPE_ENUM.HIDDEN_HOOK_EXEC_CC, options: [address] }, ...actions);
  }

  script(source: string, bufferSizeBytes = 0): ActionRequest {
    const { script, diagnostics } = compileScript(source, { globals: this.#globals });
    if (script === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
    return { kind: 'script', bytes: script.bytes, symbolCount: script.symbolCount, bufferSizeBytes };
  }

  /** Lets the machine run to its next stop by itself, or to its end (undefined). */
  async resume(): Promise<Stop | undefined> {
    const next = new Promise<Stop | undefined>((resolve) => (this.#waiting = resolve));
    await this.debuggee.resume();
    const stop = this.#stops.shift() ?? (await next);
    this.#waiting = undefined;
    return stop;
  }

  /** Runs to the end of the program. */
  async finish(): Promise<{ code: number; signal: string | undefined }> {
    const stop = await this.resume();
    if (stop !== undefined) throw new Error(`stopped at 0x${stop.rip.toString(16)}: ${stop.reason}`);
    const end = await this.ended;
    if (end.kind !== 'exited') throw new Error(JSON.stringify(end));
    return { code: end.code, signal: end.signal };
  }

  async dispose(): Promise<void> {
    await this.debuggee.close();
    await this.machine.dispose();
  }
}

export function code(hexText: string, bufferSizeBytes = 0): ActionRequest {
  return {
    kind: 'code',
    bytes: new Uint8Array(Buffer.from(hexText.replaceAll(' ', ''), 'hex')),
    bufferSizeBytes,
  };
}

export const BREAK: ActionRequest = { kind: 'break' };
