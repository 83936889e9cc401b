/**
 * The debugger's command line: takes commands as text, one after the other, and says what came of them. It knows neither
 * standard streams nor DAP; both can sit in front of it.
 */

import type { Stop, TargetMessage } from '../../driver/debuggee';
import { DriverError } from '../../driver/driver-error';
import { ConnectionAddressError } from '../../driver/kd/streams/connection-address';
import { readCommandFile } from '../../script-engine/command-file/command-file';
import { commandByName } from '../../script-engine/catalog/commands';
import { GlobalTable } from '../../script-engine/compiler/global-table';
import { ArmedEvents } from '../arming/armed-events';
import { locateRunError } from '../arming/run-error';
import { TargetError } from '../target/target';
import type { CommandContext, CommandLine, ConsoleIo, ConsoleState, ConsoleTarget } from './command-context';
import { CommandError } from './command-error';
import { commandEntry } from './command-table';
import { stopText } from './format/stop-text';
import { LogCopy } from './log-copy';
import { OutputSinks } from './output-sinks';
import { sayDiagnostics, unknownCommand } from './planned-command';
import { runSessionCommand } from './session-commands';

/** Makes a connection; a text is an address as `--connect` takes it, undefined the last one again. */
export type ConnectTarget = (address: string | undefined, signal: AbortSignal) => Promise<ConsoleTarget>;

export interface ConsoleSessionOptions {
  readonly io: ConsoleIo;
  readonly connect: ConnectTarget;
  readonly readFile: (path: string) => string | undefined;
}

export class ConsoleSession {
  readonly #connect: ConnectTarget;
  readonly #log: LogCopy;
  readonly state: ConsoleState;
  #target: ConsoleTarget | undefined;
  #globals = new GlobalTable();
  #events = new ArmedEvents();
  #abort = new AbortController();
  /** A break that Ctrl-C asked for and that has not come yet. */
  #breaking: Promise<unknown> | undefined;
  #isBusy = false;
  #isOver = false;
  #exitCode: number | undefined;
  #lostReason: string | undefined;

  constructor({ io, connect, readFile }: ConsoleSessionOptions) {
    this.#connect = connect;
    this.#log = new LogCopy(io);
    const outputs = new OutputSinks((text) => this.#log.say(text));
    this.state = { io: this.#log, settings: new Map(), outputs, readFile };
  }

  /** `exit` was given. */
  get isOver(): boolean {
    return this.#isOver;
  }
  /** The guest program of an embedded machine has ended with this code. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }
  /** Why the connection ended by itself, while nothing has replaced it. */
  get lostReason(): string | undefined {
    return this.#lostReason;
  }
  get isConnected(): boolean {
    return this.#target !== undefined;
  }
  get log(): LogCopy {
    return this.#log;
  }
  /** What a long command looks at. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Connects. Rejects with TargetError or DriverError; `pauses` halts the target at once. */
  async connect(address: string | undefined, pauses: boolean): Promise<void> {
    if (this.#target !== undefined)
      throw new CommandError('There is a connection already; ".debug close" ends it.');
    const target = await this.#connect(address, this.#abort.signal);
    this.#target = target;
    this.#lostReason = undefined;
    this.#exitCode = undefined;
    // Another target knows nothing of the last one's variables and events.
    this.#globals = new GlobalTable();
    this.#events = new ArmedEvents();
    const { client } = target;
    client.listen({
      message: (message) => this.#tellMessage(message),
      stopped: (stop) => void this.#tellStop(stop),
      lost: (_count, text) => this.#log.say(text),
      buffer: ({ bytes }) => this.#log.print(`buffer: ${Buffer.from(bytes).toString('hex')}`),
      exited: (code) => (this.#exitCode = code),
      ended: (reason) => this.#end(target, reason),
    });
    if (client.requests.closedReason !== undefined) this.#end(target, client.requests.closedReason);
    this.#log.say(
      `connected to ${client.description}, ${client.modules.length} modules; ${pauses ? 'halting it' : 'the target runs, and Ctrl-C halts it'}`,
    );
    if (pauses) await this.#tellStop(await client.pause());
  }

  /** The guest of a machine of our own has ended, which its wire may not tell. */
  guestExited(code: number): void {
    this.#exitCode = code;
  }

  #end(target: ConsoleTarget, reason: string): void {
    if (this.#target !== target) return;
    this.#target = undefined;
    void target.dispose();
    if (this.#exitCode !== undefined) {
      this.#log.say(`the guest has exited with code ${this.#exitCode}`);
      return;
    }
    this.#lostReason = reason;
    this.#log.say(`The connection has ended: ${reason}. ".debug remote" connects to the same place again.`);
  }

  /** Ends the connection; the target runs on. Does nothing without one. */
  async disconnect(): Promise<void> {
    const target = this.#target;
    this.#target = undefined;
    await target?.client.close();
    await target?.dispose();
  }

  /** `exit`, and the end of the input. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.disconnect();
    this.state.outputs.closeAll();
    this.#log.close();
  }

  /** Ctrl-C: ends a long command, and halts a target that runs. False when there is nothing to interrupt. */
  interrupt(): boolean {
    const wasBusy = this.#isBusy && !this.#abort.signal.aborted;
    this.#abort.abort();
    const client = this.#target?.client;
    if (client === undefined || client.halted !== undefined || this.#breaking !== undefined) return wasBusy;
    const isIdle = !this.#isBusy;
    this.#breaking = client
      .pause()
      .then((stop) => (isIdle ? this.#tellStop(stop) : undefined))
      .catch((error: unknown) => this.#log.say(sentence(error)))
      .finally(() => (this.#breaking = undefined));
    return true;
  }

  /** Runs the commands of a text; false when one of them was refused or failed, and the rest was left. */
  async run(text: string, args: readonly string[] = [], fileName?: string): Promise<boolean> {
    const { commands, diagnostics } = readCommandFile(text, args, fileName);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    sayDiagnostics(errors, text, this.#log);
    if (errors.length > 0) return false;
    for (const command of commands) {
      const typed = text.slice(command.span.start, command.span.end);
      const rest = command.rest.text;
      // Only the text behind the name has the arguments of a file in it.
      const line = typed.includes('$arg') ? `${command.name}${rest === '' ? '' : ` ${rest}`}` : typed;
      if (!(await this.#runOne({ command, text, line }))) return false;
      if (this.#isOver) return true;
    }
    return true;
  }

  async #runOne(line: CommandLine): Promise<boolean> {
    await this.#breaking;
    const isOutermost = !this.#isBusy;
    if (isOutermost) this.#abort = new AbortController();
    this.#isBusy = true;
    try {
      await this.#dispatch(line);
      return true;
    } catch (error) {
      const isExpected =
        error instanceof CommandError ||
        error instanceof DriverError ||
        error instanceof TargetError ||
        error instanceof ConnectionAddressError;
      if (!isExpected) throw error;
      // That the guest has ended was told by itself.
      if (!(error instanceof DriverError && this.#exitCode !== undefined)) this.#log.say(error.message);
      return false;
    } finally {
      if (isOutermost) this.#isBusy = false;
    }
  }

  async #dispatch(line: CommandLine): Promise<void> {
    const { command } = line;
    const entry = commandEntry(command.name);
    if (entry === undefined) {
      throw new CommandError(unknownCommand(line));
    }
    switch (entry.kind) {
      case 'local':
        entry.run(line, this.state);
        return;
      case 'session':
        await runSessionCommand(entry.verb, line, this);
        return;
      case 'refused':
        throw new CommandError(`"${command.name}" is not done here. ${entry.reason}`);
      case 'halted':
        await entry.run(line, await this.#haltedContext());
        return;
      case 'go': {
        const context = this.#context();
        if (context.client.halted !== undefined) await entry.run(line, context);
        else await this.#tellStop(await context.client.requests.nextStop());
        return;
      }
      case 'shipped':
        await this.#ship(line, entry.leavesRunning);
        return;
      default:
        assertNever(entry);
    }
  }

  async #ship({ command, line }: CommandLine, leavesRunning: boolean): Promise<void> {
    const { client } = this.#context();
    const name = commandByName(command.name)?.name;
    if (client.halted === undefined && name === 'pause') {
      await this.#tellStop(await client.pause());
      return;
    }
    if (client.halted === undefined && name === 'continue') {
      this.#log.say('the target runs already');
      return;
    }
    const { requests } = (await this.#haltedContext()).client;
    if (leavesRunning) await requests.shipAndRun(line);
    else await requests.ship(line);
  }

  /** What a command works with; throws CommandError without a connection. */
  #context(): CommandContext {
    const target = this.#target;
    if (target === undefined) {
      const reason = this.#lostReason === undefined ? '' : ` (the last one ended: ${this.#lostReason})`;
      throw new CommandError(`There is no connection${reason}; ".debug remote" makes one.`);
    }
    const { client, symbols } = target;
    const { signal } = this;
    return { ...this.state, target, client, symbols, globals: this.#globals, events: this.#events, signal };
  }

  /** The same for a command that asks a halted target: one that runs is halted for it. */
  async #haltedContext(): Promise<CommandContext> {
    const context = this.#context();
    if (context.client.halted === undefined) {
      const stop = await context.client.pause();
      this.#log.say('The target was running and is halted for this command; "g" lets it go on.');
      await this.#tellStop(stop);
    }
    return context;
  }

  async #tellStop(stop: Stop): Promise<void> {
    const symbols = this.#target?.symbols;
    if (symbols !== undefined) this.#log.print(await stopText(stop, symbols, this.#events));
  }

  #tellMessage(message: TargetMessage): void {
    const { kind, text } = message;
    if (kind === 'error') {
      const { line, text: reason } = locateRunError(message, this.#events);
      this.#log.say(line === undefined ? reason : `line ${line}: ${reason}`);
      return;
    }
    const outputs = this.#events.byTag(message.eventTag)?.plan.outputs ?? [];
    // Text that goes to an output is not shown (5.7).
    if (kind === 'script' && this.state.outputs.write(outputs, text)) return;
    this.#log.write(text);
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function assertNever(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
