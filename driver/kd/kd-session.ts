/** What a connected debuggee has told so far: stops, modules, texts. The client's half of driver-protocol 8.2 and 8.3. */

import type { ByteStream } from '../byte-stream';
import type { DebuggeeListener, Stop, TargetModule } from '../debuggee';
import { DriverError } from '../driver-error';
import type { KdFrame } from './frame';
import { KdConnection } from './kd-connection';
import { exitCodeOfText, messageOfLog } from './log-message';
import { moduleOfRecord } from './machine-records';
import { isOwnSystemName } from './own-target';
import { ANSWER, REQUEST } from './packets';
import { stopOfRecord } from './stop-record';

interface StopWaiter {
  resolve(stop: Stop): void;
  reject(error: Error): void;
}

interface ScriptRecord {
  text: string;
  /** Value of the last formats() (RESULT_OF_FORMATS). */
  formats: bigint | undefined;
  error: string | undefined;
}

export class KdSession {
  readonly connection: KdConnection;
  readonly #signature: string;
  readonly #listeners: DebuggeeListener[] = [];
  readonly #stopWaiters = new Set<StopWaiter>();
  #halted: Stop | undefined;
  #modules: readonly TargetModule[] = [];
  #comingModules: TargetModule[] = [];
  #isStarted = false;
  #wasGreeted = false;
  #isOwn = false;
  #script: ScriptRecord | undefined;

  constructor(stream: ByteStream, signature: string) {
    this.#signature = signature;
    this.connection = new KdConnection(stream, {
      unsolicited: (frame) => this.#take(frame),
      lost: (text) => this.#tell((listener) => listener.lost?.(1, text)),
      closed: (reason) => this.#end(reason),
    });
  }

  get halted(): Stop | undefined {
    return this.#halted;
  }
  get modules(): readonly TargetModule[] {
    return this.#modules;
  }
  /** A debuggee has called. */
  get wasGreeted(): boolean {
    return this.#wasGreeted;
  }
  /** The debuggee has accepted this debugger. */
  get isStarted(): boolean {
    return this.#isStarted;
  }
  /** It is an embedded machine, whose requests have no traps. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /** The returned function ends it. */
  listen(listener: DebuggeeListener): () => void {
    this.#listeners.push(listener);
    return () => void this.#listeners.splice(this.#listeners.indexOf(listener), 1);
  }

  /** The target is about to run. */
  leaveHalt(): void {
    this.#halted = undefined;
  }

  /** The next stop, which then counts as explained. Rejects after `timeoutMs`, if given, and when the target is gone. */
  nextStop(operation: string, timeoutMs: number | undefined): Promise<Stop> {
    return new Promise<Stop>((resolve, reject) => {
      const reason = this.connection.closedReason;
      if (reason !== undefined) {
        reject(new DriverError(operation, undefined, reason));
        return;
      }
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => {
              this.#stopWaiters.delete(waiter);
              reject(
                new DriverError(operation, undefined, `the target did not halt within ${timeoutMs / 1000} s`),
              );
            }, timeoutMs);
      const waiter: StopWaiter = {
        resolve: (stop) => {
          clearTimeout(timer);
          resolve(stop);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#stopWaiters.add(waiter);
    });
  }

  /** Keeps what a script says for its result, instead of telling listeners, while `run` lasts. */
  async collectScript<T>(run: () => Promise<T>): Promise<ScriptRecord & { readonly value: T }> {
    const record: ScriptRecord = { text: '', formats: undefined, error: undefined };
    this.#script = record;
    try {
      const value = await run();
      return { ...record, value };
    } finally {
      this.#script = undefined;
    }
  }

  close(reason: string): void {
    this.connection.close(reason);
    this.#rejectWaiters(reason);
  }

  #take(frame: KdFrame): void {
    switch (frame.action) {
      case ANSWER.ping.action:
        this.#wasGreeted = true;
        this.connection.send('The greeting', REQUEST.version, this.#signature);
        return;
      case ANSWER.started.action:
        this.#isStarted = true;
        this.#isOwn = isOwnSystemName(ANSWER.started.decode(frame.payload).OsName);
        return;
      case ANSWER.log.action:
        this.#takeLog(frame);
        return;
      case ANSWER.stopped.action:
        this.#takeStop(stopOfRecord(ANSWER.stopped.decode(frame.payload)));
        return;
      case ANSWER.module.action:
        this.#comingModules.push(moduleOfRecord(ANSWER.module.decode(frame.payload).SymbolDetailPacket));
        return;
      case ANSWER.modulesFinished.action:
        this.takeModules();
        return;
      case ANSWER.formats.action:
        if (this.#script !== undefined) this.#script.formats = ANSWER.formats.decode(frame.payload).Value;
        return;
      default:
        // Answers that nobody waits for: late ones, or those that the target makes up.
        return;
    }
  }

  /** The module list is complete. */
  takeModules(): void {
    this.#modules = this.#comingModules;
    this.#comingModules = [];
    this.#tell((listener) => listener.modules?.(this.#modules));
  }

  #takeLog(frame: KdFrame): void {
    const message = messageOfLog(ANSWER.log.decode(frame.payload));
    if ('bytes' in message) {
      this.#tell((listener) => listener.buffer?.(message));
      return;
    }
    const exitCode = message.kind === 'info' ? exitCodeOfText(message.text) : undefined;
    if (exitCode !== undefined) {
      this.#tell((listener) => listener.exited?.(exitCode));
      return;
    }
    const script = message.eventTag === undefined ? this.#script : undefined;
    if (script !== undefined && message.kind === 'script') script.text += message.text;
    else if (script !== undefined && message.kind === 'error') script.error = message.text;
    else this.#tell((listener) => listener.message?.(message));
  }

  #takeStop(stop: Stop): void {
    this.#halted = stop;
    const waiters = [...this.#stopWaiters];
    this.#stopWaiters.clear();
    for (const waiter of waiters) waiter.resolve(stop);
    if (waiters.length === 0) this.#tell((listener) => listener.stopped?.(stop));
  }

  #end(reason: string): void {
    this.#halted = undefined;
    this.#rejectWaiters(reason);
    this.#tell((listener) => listener.ended?.(reason));
  }

  #rejectWaiters(reason: string): void {
    const waiters = [...this.#stopWaiters];
    this.#stopWaiters.clear();
    for (const waiter of waiters)
      waiter.reject(new DriverError('Waiting for the target to halt', undefined, reason));
  }

  #tell(call: (listener: DebuggeeListener) => void): void {
    for (const listener of [...this.#listeners]) call(listener);
  }
}
