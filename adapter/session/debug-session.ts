import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { OpenTarget } from '../target/launch-target';
import type { OpenRemoteTarget } from '../target/remote-target';
import { AssemblySources } from './assembly-sources';
import { CodeBreakpoints } from './code-breakpoints';
import { DapServer } from './dap-server';
import { DataBreakpoints } from './data-breakpoints';
import { EventActivity } from './event-activity';
import { EVENTS_CHANGED } from './event-list';
import { ExceptionBreakpoints } from './exception-breakpoints';
import { FrameStore } from './frame-store';
import type { LiveTarget } from './live-target';
import { OutputStream } from './output-stream';
import { RequestError } from './request-error';
import { ScriptBreakpoints } from './script-breakpoints';
import { SourceFiles } from './source-files';
import { VariableStore } from './variable-store';

/** What lives as long as one connection of a client. */
export class DebugSession {
  readonly server = new DapServer();
  readonly output = new OutputStream(this.server, (file) => this.sourceOf(file));
  readonly scriptBreakpoints = new ScriptBreakpoints(() => this.#nextBreakpointId++);
  readonly codeBreakpoints = new CodeBreakpoints(() => this.#nextBreakpointId++);
  readonly dataBreakpoints = new DataBreakpoints(() => this.#nextBreakpointId++);
  readonly exceptionBreakpoints = new ExceptionBreakpoints(() => this.#nextBreakpointId++);
  readonly activity = new EventActivity(() => this.#tellEventsChanged());
  readonly frames = new FrameStore();
  readonly sources = new SourceFiles();
  readonly assembly = new AssemblySources();
  readonly variables = new VariableStore();
  /** Preferences that `settings` has set in the Debug Console. */
  readonly consoleSettings = new Map<string, string>();
  readonly endings: (() => void)[] = [];
  client: DebugProtocol.InitializeRequestArguments = { adapterID: 'hyperdbg' };
  live: LiveTarget | undefined;
  stopOnEntry = false;
  isEnded = false;
  readonly startAbort = new AbortController();
  #nextBreakpointId = 1;
  #isTerminated = false;
  /** Addresses that `goto` can be asked for; the id is the place in this list. */
  readonly #gotoAddresses: bigint[] = [];

  constructor(
    readonly openTarget: OpenTarget,
    readonly openRemoteTarget: OpenRemoteTarget,
  ) {}

  nextBreakpointId(): number {
    return this.#nextBreakpointId++;
  }

  rememberTarget(address: bigint): number {
    return this.#gotoAddresses.push(address) - 1;
  }

  targetAddress(id: number): bigint | undefined {
    return this.#gotoAddresses[id];
  }

  requireLive(): LiveTarget {
    if (this.live === undefined) {
      throw new RequestError('There is no target: the launch has not finished, or it failed.', false);
    }
    return this.live;
  }

  /** Tells the client that the target is gone, once. */
  terminated(): void {
    if (this.#isTerminated) return;
    this.#isTerminated = true;
    this.server.emitEvent('terminated');
  }

  #tellEventsChanged(): void {
    if (this.live !== undefined) this.server.emitEvent(EVENTS_CHANGED);
  }

  sourceOf(file: string): { name: string; path: string } {
    return { name: path.basename(file), path: file };
  }

  /** Line numbers as the client counts them. */
  clientLine(line: number): number {
    return this.client.linesStartAt1 === false ? line - 1 : line;
  }

  ownLine(line: number): number {
    return this.client.linesStartAt1 === false ? line + 1 : line;
  }

  clientColumn(column: number): number {
    return this.client.columnsStartAt1 === false ? column - 1 : column;
  }

  /** Tells the client that what it shows is out of date, if it can be told. */
  invalidate(areas: readonly DebugProtocol.InvalidatedAreas[]): void {
    if (this.client.supportsInvalidatedEvent === true) this.server.emitEvent('invalidated', { areas });
  }
}
