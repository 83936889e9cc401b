/** Where the text of events can be copied to: `output create|open|close` (driver-protocol 5.7). */

import { createWriteStream } from 'node:fs';
import { connect } from 'node:net';
import type { Writable } from 'node:stream';
import { CommandError } from './command-error';

export type SinkKind = 'file' | 'namedpipe' | 'tcp';

interface Sink {
  readonly name: string;
  readonly kind: SinkKind;
  readonly target: string;
  /** Counts from 1 (5.7). */
  readonly tag: bigint;
  state: 'created' | 'opened' | 'closed';
  stream: Writable | undefined;
}

const TCP_FORM = /^(.+):([0-9]{1,5})$/;

export class OutputSinks {
  readonly #sinks = new Map<string, Sink>();
  readonly #say: (text: string) => void;

  /** `say` is told when a sink breaks. */
  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  get lines(): readonly string[] {
    return [...this.#sinks.values()].map(
      ({ name, kind, target, state }) => `${name}  ${kind}  ${target}  ${state}`,
    );
  }

  create(name: string, kind: SinkKind, target: string): void {
    if (this.#sinks.has(name)) throw new CommandError(`There is an output "${name}" already.`);
    if (kind === 'tcp' && !TCP_FORM.test(target))
      throw new CommandError(`"${target}" is no place for a TCP output; write IP:PORT.`);
    const tag = BigInt(this.#sinks.size + 1);
    this.#sinks.set(name, { name, kind, target, tag, state: 'created', stream: undefined });
  }

  open(name: string): void {
    const sink = this.#named(name);
    if (sink.state !== 'created')
      throw new CommandError(`The output "${name}" is ${sink.state}; create another one.`);
    const stream = openSink(sink);
    stream.on('error', (error: Error) => {
      if (sink.state === 'opened') this.#say(`The output "${name}" is closed: ${error.message}`);
      sink.state = 'closed';
    });
    sink.stream = stream;
    sink.state = 'opened';
  }

  close(name: string): void {
    const sink = this.#named(name);
    sink.stream?.end();
    sink.stream = undefined;
    sink.state = 'closed';
  }

  closeAll(): void {
    for (const name of this.#sinks.keys()) this.close(name);
  }

  /** What events carry on the wire for it. */
  tagOf(name: string): bigint {
    return this.#named(name).tag;
  }

  /** Copies a text to those of the outputs that are open; false when none is. */
  write(names: readonly string[], text: string): boolean {
    const open = names.flatMap((name) => this.#sinks.get(name)?.stream ?? []);
    for (const stream of open) stream.write(text);
    return open.length > 0;
  }

  #named(name: string): Sink {
    const sink = this.#sinks.get(name);
    if (sink === undefined)
      throw new CommandError(
        `There is no output "${name}"; "output create ${name} file <Path>" makes one, "output" lists them.`,
      );
    return sink;
  }
}

function openSink({ kind, target }: Sink): Writable {
  switch (kind) {
    case 'file':
      return createWriteStream(target, { flags: 'a' });
    case 'namedpipe':
      return connect({ path: target });
    case 'tcp': {
      const [, host = '', port = ''] = TCP_FORM.exec(target) ?? [];
      return connect({ host, port: Number(port) });
    }
  }
}
