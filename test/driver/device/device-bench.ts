/** A device with a program behind it, and a session with it, for the tests that every door of the driver has to pass. */

import type { DeviceClient } from '../../../driver/device/device-client';
import type { DeviceIo } from '../../../driver/device/device-io';
import { HypervisorSession } from '../../../driver/device/hypervisor-session';
import { MarkerPauses } from '../../../driver/device/marker-pause';
import { messageText } from '../../../driver/device/message-text';
import type { ActionRequest, EventRequest } from '../../../driver/debuggee';
import {
  UserDebuggerClient,
  type PausedPacket,
  type PausedThread,
} from '../../../driver/device/user-debugger-client';
import * as sdk from '../../../driver/sdk/structs.generated';
import { OPERATION, VMM_EVENT_TYPE_ENUM } from '../../../driver/sdk/tables.generated';
import { compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';

/** The program is a loop in which `hooked`, three nops and `stop` follow each other. */
export interface DeviceBench {
  readonly io: DeviceIo;
  readonly hooked: bigint;
  readonly stop: bigint;
  /** A page border with writable memory on both sides. */
  readonly pageBorder: bigint;
  readonly unmapped: bigint;
  findProcess(client: DeviceClient): Promise<number>;
  /** Lets the program go after the attach, where it was made suspended. */
  release(): Promise<void>;
  /** Fails when a request was sent that harms a real machine. Called while the device is open. */
  checkNoMisuse(): Promise<void>;
  dispose(): Promise<void>;
}

const LIMIT_MS = 15_000;
const ALL = 0xffffffff;

export class BenchSession {
  user!: UserDebuggerClient;
  pauses!: MarkerPauses;
  readonly texts: { readonly operation: number; readonly text: string }[] = [];
  readonly packets: PausedPacket[] = [];
  readonly pauseFailures: Error[] = [];
  processId = 0;
  session!: HypervisorSession;
  readonly #watchers = new Set<() => void>();
  #readPackets = 0;

  private constructor(readonly bench: DeviceBench) {}

  static async start(bench: DeviceBench): Promise<BenchSession> {
    const run = new BenchSession(bench);
    run.session = await HypervisorSession.start(bench.io, {
      processId: () => run.processId,
      take: (message) => {
        if (message.operation === OPERATION.OPERATION_NOTIFICATION_FROM_USER_DEBUGGER_PAUSE)
          run.packets.push(sdk.DEBUGGEE_UD_PAUSED_PACKET.decode(message.payload));
        else if (run.pauses?.take(message) !== true)
          run.texts.push({ operation: message.operation, text: messageText(message.payload) });
        for (const watcher of [...run.#watchers]) watcher();
      },
    });
    run.user = new UserDebuggerClient(run.client);
    run.pauses = new MarkerPauses(run.user, (error) => run.pauseFailures.push(error));
    run.processId = await bench.findProcess(run.client);
    return run;
  }

  get client(): DeviceClient {
    return this.session.client;
  }

  until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const watcher = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve();
      };
      const timer = setTimeout(() => reject(new Error(`no ${what} in time`)), LIMIT_MS);
      this.#watchers.add(watcher);
    });
  }

  /** The next paused packet that is more than "also stopped", or on attach and pause the first of any reason. */
  async nextStop(isAsked = false): Promise<PausedPacket> {
    for (;;) {
      await this.until(() => this.packets.length > this.#readPackets, 'paused packet');
      const packet = this.packets[this.#readPackets++]!;
      if (isAsked || packet.PausingReason !== 14) return packet;
    }
  }

  /** Attached and stopped before the loop. */
  async attach(): Promise<PausedThread> {
    const { Token: token } = await this.user.verb('attach', { ProcessId: this.processId });
    await this.bench.release();
    const { ThreadId: threadId } = await this.nextStop(true);
    return { token, threadId };
  }

  /** Runs the program to the one-shot breakpoint at `stop`. */
  async runToStop(thread: PausedThread): Promise<PausedPacket> {
    await this.user.setBreakpoint(this.processId, this.bench.stop);
    await this.user.verb('continue', { Token: thread.token });
    return this.nextStop();
  }
}

export function hookOf(tag: bigint, address: bigint): EventRequest {
  return {
    ...{ tag, type: VMM_EVENT_TYPE_ENUM.HIDDEN_HOOK_EXEC_CC, coreId: ALL, processId: ALL, stage: 1 },
    ...{ shortCircuit: false, options: [address], condition: undefined },
  };
}

export function scriptAction(source: string): ActionRequest {
  const { script } = compileScript(source, { globals: new GlobalTable() });
  return { kind: 'script', bytes: script!.bytes, symbolCount: script!.symbolCount, bufferSizeBytes: 0 };
}
