/** The Debug Adapter Protocol as a table of handlers: one answer for every request, whatever happens. */

import { ProtocolServer } from '@vscode/debugadapter/lib/protocol';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { errorDetails, RequestError } from './request-error';
import type { RequestTable } from './request-table';
import { checkArguments } from './required-arguments';

/** A request under way. */
export interface Call {
  readonly command: string;
  /** Aborted when the client sends `cancel` for this request, or the session ends. */
  readonly signal: AbortSignal;
  /** Runs `work` right after the answer has been sent. */
  after(work: () => void): void;
}

export type Handlers = {
  readonly [Command in keyof RequestTable]: (
    args: RequestTable[Command][0],
    call: Call,
  ) => RequestTable[Command][1] | Promise<RequestTable[Command][1]>;
};

type AnyHandler = (args: unknown, call: Call) => unknown;

export class DapServer extends ProtocolServer {
  readonly #handlers = new Map<string, AnyHandler>();
  readonly #pending = new Map<number, AbortController>();
  #onInternalError: (text: string) => void = () => undefined;
  #beforeEvent: () => void = () => undefined;

  constructor() {
    super();
    // Without a listener Node would throw for a broken message; the next message may be fine again.
    this.on('error', (event: DebugProtocol.Event) => {
      this.#onInternalError(`The client sent a message that is no DAP message: ${String(event.body)}`);
    });
  }

  /** Sets who answers from here on: before the first message, and again for a target of another kind. */
  serve(handlers: Handlers): void {
    for (const [command, handler] of Object.entries(handlers)) {
      this.#handlers.set(command, handler as AnyHandler);
    }
  }

  onInternalError(listener: (text: string) => void): void {
    this.#onInternalError = listener;
  }

  /** Called before each event and answer is sent, so that output held back stays in order. */
  onBeforeMessage(listener: () => void): void {
    this.#beforeEvent = listener;
  }

  emitEvent(event: string, body?: unknown): void {
    if (event !== 'output') this.#beforeEvent();
    this.sendEvent({ seq: 0, type: 'event', event, ...(body === undefined ? {} : { body }) });
  }

  /** Marks a pending request as no longer wanted. */
  cancel(requestSeq: number): void {
    this.#pending.get(requestSeq)?.abort();
  }

  /** The session ends: no other request is wanted any more. */
  cancelAllBut(call: Call): void {
    for (const controller of this.#pending.values()) {
      if (controller.signal !== call.signal) controller.abort();
    }
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    void this.#answer(request);
  }

  async #answer(request: DebugProtocol.Request): Promise<void> {
    const controller = new AbortController();
    const afterwards: (() => void)[] = [];
    const call: Call = {
      command: request.command,
      signal: controller.signal,
      after: (work) => void afterwards.push(work),
    };
    this.#pending.set(request.seq, controller);
    const response: DebugProtocol.Response = {
      seq: 0,
      type: 'response',
      request_seq: request.seq,
      command: request.command,
      success: true,
    };
    try {
      const handler = this.#handlers.get(request.command);
      if (handler === undefined) {
        throw new RequestError(`This adapter does not know the request "${request.command}".`, false);
      }
      const args: unknown = request.arguments ?? {};
      checkArguments(request.command, args);
      const body = await handler(args, call);
      if (body !== undefined) response.body = body;
    } catch (error) {
      this.#fail(response, error, controller.signal.aborted);
    }
    this.#pending.delete(request.seq);
    this.#beforeEvent();
    this.sendResponse(response);
    for (const work of afterwards) this.#guarded(work);
  }

  #fail(response: DebugProtocol.Response, error: unknown, wasCancelled: boolean): void {
    const { id, text, showUser, isInternal } = errorDetails(error);
    response.success = false;
    if (wasCancelled) {
      response.message = 'cancelled';
      return;
    }
    response.message = text;
    response.body = { error: { id, format: text, showUser } };
    if (isInternal) this.#onInternalError(stackOf(error));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onInternalError(stackOf(error));
    }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
