/** A client's session with the device of the embedded machine, as tests need it. */

import { DeviceClient } from '../../../../driver/device/device-client';
import type { DeviceIo } from '../../../../driver/device/device-io';
import { readMessages } from '../../../../driver/device/message-reader';
import {
  UserDebuggerClient,
  type PausedPacket,
  type PausedThread,
} from '../../../../driver/device/user-debugger-client';
import {
  startEmbeddedDevice,
  type EmbeddedDeviceMachine,
} from '../../../../driver/embedded/device/start-embedded-device';
import type { ConsoleEvent, EmbeddedMachineOptions } from '../../../../driver/embedded/embedded-machine';
import * as sdk from '../../../../driver/sdk/structs.generated';
import { OPERATION } from '../../../../driver/sdk/tables.generated';

const BIT_31 = 0x80000000;

export class DeviceSession {
  readonly io: DeviceIo;
  readonly client: DeviceClient;
  readonly user: UserDebuggerClient;
  readonly texts: { operation: number; text: string }[] = [];
  readonly packets: PausedPacket[] = [];
  stdout = '';
  readonly ended: Promise<ConsoleEvent>;
  /** The reader's end: the end marker, or the device's. */
  readonly reading: Promise<void>;
  processId = 0;
  readonly #watchers = new Set<() => void>();
  #readPackets = 0;

  private constructor(readonly machine: EmbeddedDeviceMachine) {
    this.io = machine.device;
    this.client = new DeviceClient(this.io, () => this.processId);
    this.user = new UserDebuggerClient(this.client);
    this.ended = new Promise((resolve) =>
      machine.onConsole((event) => {
        if (event.kind === 'output') this.stdout += Buffer.from(event.bytes).toString();
        else resolve(event);
        this.#changed();
      }),
    );
    this.reading = this.io.open().then(() =>
      readMessages(this.io, ({ operation, payload }) => {
        if (operation === OPERATION.OPERATION_NOTIFICATION_FROM_USER_DEBUGGER_PAUSE)
          this.packets.push(sdk.DEBUGGEE_UD_PAUSED_PACKET.decode(payload));
        else this.texts.push({ operation, text: Buffer.from(payload).toString('latin1').replace(/\0$/, '') });
        this.#changed();
      }),
    );
  }

  /** Loads the program, suspended, and starts the hypervisor. */
  static async start(program: string, options: Partial<EmbeddedMachineOptions> = {}): Promise<DeviceSession> {
    const machine = await startEmbeddedDevice({
      program,
      arguments: [],
      environment: { NAME: 'value' },
      ...options,
    });
    const session = new DeviceSession(machine);
    await session.client.startVmm();
    await session.until(() =>
      session.texts.some(
        ({ operation }) => operation === OPERATION.OPERATION_HYPERVISOR_DRIVER_IS_SUCCESSFULLY_LOADED,
      ),
    );
    const bytes = await session.client.request(
      'Listing processes',
      'IOCTL_GET_LIST_OF_THREADS_AND_PROCESSES',
      sdk.DEBUGGER_QUERY_ACTIVE_PROCESSES_OR_THREADS.encode({ QueryType: 3 }),
      200,
      40,
    );
    session.processId = sdk.DEBUGGEE_PROCESS_LIST_DETAILS_ENTRY.decode(bytes).ProcessId;
    return session;
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Resolves when the condition holds after some message or output. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const watcher = () => {
        if (!condition()) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }

  /** The next paused packet that nobody has taken yet. */
  async nextPacket(): Promise<PausedPacket> {
    await this.until(() => this.packets.length > this.#readPackets);
    return this.packets[this.#readPackets++]!;
  }

  async attach(isLaunch = false): Promise<bigint> {
    const record = { ProcessId: this.processId, IsStartingNewProcess: isLaunch };
    return (await this.user.verb('attach', record)).Token;
  }

  /** Attaches to the suspended program and lets it run into the interception, at its first instruction. */
  async stopAtFirstInstruction(): Promise<PausedThread & { readonly rip: bigint }> {
    const token = await this.attach();
    await this.machine.start();
    const packet = await this.nextPacket();
    return { token, threadId: packet.ThreadId, rip: packet.Rip };
  }

  /** What events printed, without the driver's own messages. */
  get scriptTexts(): string[] {
    return this.texts
      .filter(({ operation }) => operation >= 0x1000000 && operation < BIT_31)
      .map(({ text }) => text);
  }
}
