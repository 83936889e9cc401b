/** A server with a plain machine at the end of a stream: what the embedded machine's loop does, without a CPU. */

import { EventCore, type Delivery, type Occurrence } from '../../../../driver/embedded/events/event-core';
import { KdServer, type Resume } from '../../../../driver/embedded/server/kd-server';
import { REGS_ENUM } from '../../../../driver/sdk/tables.generated';
import { memoryStreamPair, type MemoryStream } from '../../kd/memory-stream';
import { PlainCodeRunner, PlainMachine } from './plain-machine';

export class PlainTarget {
  readonly machine = new PlainMachine();
  readonly events = new EventCore(this.machine, new PlainCodeRunner(this.machine));
  readonly server: KdServer;
  readonly clientStream: MemoryStream;
  readonly stream: MemoryStream;
  readonly resumes: Resume[] = [];
  /** A machine that never reaches a place where it can halt. */
  ignoresPause = false;
  ignoresSteps = false;

  constructor(signature?: string, operatingSystem = 'plain machine') {
    [this.clientStream, this.stream] = memoryStreamPair();
    this.server = new KdServer({
      machine: this.machine,
      events: this.events,
      send: (bytes) => this.stream.send(bytes),
      operatingSystem,
      ...(signature === undefined ? {} : { signature }),
    });
    this.machine.onMessage = (operation, text) => this.server.message(operation, text);
    this.machine.onBuffer = (eventTag, bytes) => this.server.sendBuffer(eventTag, bytes);
    this.machine.onHalt = (cause) => this.server.stop({ reason: 'event', ...cause });
    this.stream.onBytes((bytes) => {
      this.server.receive(bytes);
      this.#run();
    });
    this.stream.onClosed(() => undefined);
  }

  #run(): void {
    const resume = this.server.takeResume();
    if (resume !== undefined) this.resumes.push(resume);
    if (resume?.kind === 'step' && !this.ignoresSteps) {
      const rip = this.machine.readRegister(REGS_ENUM.REGISTER_RIP);
      this.machine.writeRegister(REGS_ENUM.REGISTER_RIP, rip + BigInt(resume.callSizeBytes ?? 1));
      this.server.stop({ reason: 'step' });
    }
    if (!this.ignoresPause && this.server.takePauseRequest()) this.server.stop({ reason: 'requested' });
  }

  deliver(occurrence: Occurrence): Delivery {
    return this.events.deliver(occurrence);
  }
}
