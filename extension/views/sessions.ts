import { debug, type DebugSession, type Disposable, EventEmitter } from 'vscode';
import { DEBUG_TYPE } from '../launch-configuration';
import type { OutputBody } from './message-store';

/** What the views hear of the sessions. */
export type SessionNews =
  | { readonly kind: 'started' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'continued' }
  | { readonly kind: 'eventsChanged' }
  | { readonly kind: 'valuesChanged' }
  | { readonly kind: 'output'; readonly body: OutputBody }
  | { readonly kind: 'ended' };

/** The HyperDbg session that the views show: the one that spoke last. */
export class Sessions implements Disposable {
  readonly #news = new EventEmitter<SessionNews>();
  readonly #registration: Disposable;
  #current: DebugSession | undefined;
  #isStopped = false;
  readonly onNews = this.#news.event;

  constructor() {
    this.#registration = debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
      createDebugAdapterTracker: (session) => ({
        onWillStartSession: () => {
          this.#current = session;
          this.#isStopped = false;
          this.#news.fire({ kind: 'started' });
        },
        onDidSendMessage: (message: AdapterMessage) => this.#hear(session, message),
        onExit: () => this.#end(session),
        onWillStopSession: () => this.#end(session),
      }),
    });
  }

  get current(): DebugSession | undefined {
    return this.#current;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  dispose(): void {
    this.#registration.dispose();
    this.#news.dispose();
  }

  /** Sends a request; undefined when there is no session, or the session cannot answer any more. */
  async ask<Body>(command: string, args?: unknown): Promise<Body | undefined> {
    const session = this.#current;
    if (session === undefined) return undefined;
    try {
      return (await session.customRequest(command, args)) as Body;
    } catch (error) {
      // A session that ends meanwhile leaves its requests unanswered; nobody waits for them.
      if (this.#current !== session) return undefined;
      throw error;
    }
  }

  #hear(session: DebugSession, message: AdapterMessage): void {
    if (message.type === 'response') {
      if (message.command === 'setVariable' || message.command === 'evaluate') this.#valuesChanged(session);
      return;
    }
    if (message.type !== 'event') return;
    switch (message.event) {
      case 'output':
        this.#news.fire({ kind: 'output', body: message.body as OutputBody });
        return;
      case 'stopped':
        this.#current = session;
        this.#isStopped = true;
        this.#news.fire({ kind: 'stopped' });
        return;
      case 'invalidated':
        this.#valuesChanged(session);
        return;
      case 'continued':
        this.#isStopped = false;
        this.#news.fire({ kind: 'continued' });
        return;
      case 'hyperdbgEventsChanged':
        this.#news.fire({ kind: 'eventsChanged' });
        return;
      case 'terminated':
        this.#end(session);
    }
  }

  #valuesChanged(session: DebugSession): void {
    if (session === this.#current && this.#isStopped) this.#news.fire({ kind: 'valuesChanged' });
  }

  #end(session: DebugSession): void {
    if (this.#current !== session) return;
    this.#current = undefined;
    this.#isStopped = false;
    this.#news.fire({ kind: 'ended' });
  }
}

/** Messages of the adapter, as far as they are looked at. */
interface AdapterMessage {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly body?: unknown;
}
