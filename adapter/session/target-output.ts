import type { TargetMessage } from '../../driver/debuggee';
import type { ConsoleEvent } from '../../driver/embedded/embedded-machine';
import { locateRunError } from '../arming/run-error';
import type { DebugSession } from './debug-session';
import type { LiveTarget } from './live-target';
import type { OutputPlace } from './output-stream';
import type { ArmedEvent } from '../arming/armed-events';

/** The console's exit code and the last messages of the wire travel apart; the later one waits this long for the other. */
const DRAIN_LIMIT_MS = 300;

/** Turns everything a target says by itself into events for the client. */
export function listenToTarget(session: DebugSession, live: LiveTarget): void {
  const ending = new TargetEnding(session, live);
  live.debuggee.listen({
    stopped: (stop) => live.arrive(stop, 'itself'),
    message: (message) => tellMessage(session, live, message),
    buffer: ({ eventTag, bytes }) => {
      const event = live.events.byTag(eventTag);
      session.activity.sawMessage(event?.tag);
      const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
      session.output.line('console', `buffer of event ${event?.number ?? '?'}: ${hex}`, placeOf(event), {
        event: event?.number,
      });
    },
    lost: (count, text) => session.output.line('stderr', text, undefined, { lost: count }),
    ended: (reason) => ending.wireClosed(reason),
  });
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  live.target.onConsole((event: ConsoleEvent) => {
    switch (event.kind) {
      case 'output':
        session.output.write(event.stream, decoders[event.stream].decode(event.bytes, { stream: true }));
        return;
      case 'exited':
        ending.exited(event.code, event.signal);
        return;
      case 'failed':
        ending.failed(event.reason);
    }
  });
}

function tellMessage(session: DebugSession, live: LiveTarget, message: TargetMessage): void {
  switch (message.kind) {
    case 'script': {
      const event = live.events.byTag(message.eventTag);
      session.activity.sawMessage(event?.tag);
      session.output.write('console', message.text, placeOf(event), { event: event?.number });
      return;
    }
    case 'info':
    case 'warning':
      session.output.write('console', withLineEnd(message.text));
      return;
    case 'error': {
      const { event, line, text } = locateRunError(message, live.events);
      const place = placeOf(event);
      const at = place === undefined ? undefined : { path: place.path, line: line ?? place.line };
      const who = event === undefined ? '' : `Event ${event.number} (${event.label}): `;
      session.activity.sawMessage(event?.tag);
      session.output.line('stderr', `${who}${text}`, at, { event: event?.number });
    }
  }
}

function withLineEnd(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** The line that a text of an event links to: its script, which may start below its command. */
function placeOf(event: ArmedEvent | undefined): OutputPlace | undefined {
  if (event === undefined || !event.file.isOnDisk) return undefined;
  return { path: event.file.path, line: event.line };
}

/** Tells the client of the end once, when both the exit code and the last message are there. */
class TargetEnding {
  #code: number | undefined;
  #isWireClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #isTold = false;

  constructor(
    private readonly session: DebugSession,
    private readonly live: LiveTarget,
  ) {}

  /** The launch has failed, or the client has ended the session: the end of the target is no news then. */
  get #isExpected(): boolean {
    return this.session.live !== this.live;
  }

  exited(code: number, signal: string | undefined): void {
    this.#code = code;
    if (signal !== undefined) this.session.output.line('console', `The guest was ended by ${signal}.`);
    if (this.#isWireClosed) this.#tell();
    else this.#later(() => this.#tell());
  }

  failed(reason: string): void {
    if (!this.#isExpected) this.session.output.line('stderr', reason);
    this.#tell();
  }

  wireClosed(reason: string): void {
    this.#isWireClosed = true;
    if (this.#code !== undefined) {
      this.#tell();
      return;
    }
    this.#later(() => {
      if (this.#code === undefined && !this.#isTold && !this.#isExpected)
        this.session.output.line('stderr', reason);
      this.#tell();
    });
  }

  #later(work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, DRAIN_LIMIT_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    if (this.#isTold || this.#isExpected) return;
    this.#isTold = true;
    const { server } = this.session;
    if (this.#code !== undefined) server.emitEvent('exited', { exitCode: this.#code });
    this.session.terminated();
  }
}
