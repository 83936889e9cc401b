/**
 * The main job of the product as a client sees it. `npm start` shows it and `npm test` checks it: the session is the same,
 * driven by the same code.
 */

import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterClient, AdapterClientError } from './adapter-client';

export interface MainJobFiles {
  /** The built adapter. */
  readonly adapter: string;
  readonly program: string;
  readonly script: string;
}

export interface ScriptLine {
  readonly text: string;
  /** Line of the script that printed it, from 1. */
  readonly line: number | undefined;
}

export interface MainJobStop {
  readonly reason: string;
  readonly description: string;
  readonly thread: string;
  readonly frames: readonly string[];
  readonly rip: string;
  readonly instructions: readonly { readonly address: string; readonly text: string }[];
  /** The sixteen of GUEST_REGS, in its order. */
  readonly registers: readonly { readonly name: string; readonly value: string }[];
}

/** What a session was seen to do. */
export interface MainJobRecord {
  readonly console: readonly ScriptLine[];
  readonly stops: readonly MainJobStop[];
  readonly guestOutput: string;
  readonly exitCode: number | undefined;
  /** The adapter process ended by itself and wrote nothing to stderr. */
  readonly isCleanEnd: boolean;
}

export const GUEST_REGISTERS = [
  ...['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
] as const;

const FRAMES_SHOWN = 2;
const INSTRUCTIONS_BEFORE = 3;
const INSTRUCTIONS_SHOWN = 8;

/** Runs the script on the program, continuing after each stop, and tells `show` what happens, a line at a time. */
export async function runMainJob(
  files: MainJobFiles,
  show: (line: string) => void = () => undefined,
  signal?: AbortSignal,
): Promise<MainJobRecord> {
  const transcript = new Transcript(files, show);
  const client = new AdapterClient(files.adapter, { onOutput: (body) => transcript.output(body) });
  const close = (): void => void client.close();
  signal?.addEventListener('abort', close, { once: true });
  const stops: MainJobStop[] = [];
  let exitCode: number | undefined;
  let endedItself = false;
  try {
    show(`launch  ${path.basename(files.script)} on guest ${path.basename(files.program)}`);
    await client.launchAndRun({ program: files.program, script: files.script });
    show('running');
    for (;;) {
      const event = await client.nextEvent('stopped', 'exited', 'terminated');
      transcript.endLine();
      if (event.event === 'terminated') break;
      if (event.event === 'exited') {
        exitCode = (event as DebugProtocol.ExitedEvent).body.exitCode;
        show(`exit    the guest ended with exit code ${exitCode}`);
        continue;
      }
      const stop = await readStop(client, event as DebugProtocol.StoppedEvent);
      stops.push(stop);
      for (const line of stopLines(stop)) show(line);
      show('continue');
      await client.ask('continue', { threadId: (event as DebugProtocol.StoppedEvent).body.threadId });
    }
  } finally {
    endedItself = await client.close();
    signal?.removeEventListener('abort', close);
  }
  return {
    console: transcript.lines,
    stops,
    guestOutput: transcript.guestOutput,
    exitCode,
    isCleanEnd: endedItself && client.errorText === '',
  };
}

async function readStop(client: AdapterClient, { body }: DebugProtocol.StoppedEvent): Promise<MainJobStop> {
  const threadId = body.threadId ?? 1;
  const { threads } = await client.ask<DebugProtocol.ThreadsResponse>('threads');
  const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId });
  const top = stackFrames[0];
  if (top?.instructionPointerReference === undefined) {
    throw new AdapterClientError('The adapter stopped, but its stack has no frame with an address.');
  }
  const { scopes } = await client.ask<DebugProtocol.ScopesResponse>('scopes', { frameId: top.id });
  const scope = scopes.find((candidate) => candidate.presentationHint === 'registers') ?? scopes[0];
  const { variables } = await client.ask<DebugProtocol.VariablesResponse>('variables', {
    variablesReference: scope?.variablesReference ?? 0,
  });
  const disassembly = await client.ask<DebugProtocol.DisassembleResponse>('disassemble', {
    memoryReference: top.instructionPointerReference,
    instructionOffset: -INSTRUCTIONS_BEFORE,
    instructionCount: INSTRUCTIONS_SHOWN,
  });
  return {
    reason: body.reason,
    description: body.description ?? '',
    thread: threads.find((thread) => thread.id === threadId)?.name ?? '',
    frames: stackFrames.map((frame) => frame.name),
    rip: top.instructionPointerReference,
    instructions: (disassembly?.instructions ?? []).map(({ address, instruction }) => ({
      address,
      text: instruction,
    })),
    registers: GUEST_REGISTERS.flatMap((name) => {
      const found = variables.find((variable) => variable.name.toLowerCase() === name);
      return found === undefined ? [] : [{ name, value: found.value }];
    }),
  };
}

function stopLines(stop: MainJobStop): readonly string[] {
  const registers = stop.registers.map(({ name, value }) => `${name.padStart(3)} ${value.padEnd(18)}`);
  const rows = [0, 4, 8, 12].map((start) => registers.slice(start, start + 4).join('  '));
  return [
    `stop    ${stop.description} (reason: ${stop.reason})`,
    `        ${stop.thread}`,
    `        rip ${stop.rip} in ${stop.frames.slice(0, FRAMES_SHOWN).join(', called by ')}`,
    ...stop.instructions.map(
      ({ address, text }) => `     ${BigInt(address) === BigInt(stop.rip) ? '=>' : '  '} ${address}  ${text}`,
    ),
    ...rows.map((row) => `        ${row.trimEnd()}`),
  ];
}

interface OutputLine {
  readonly kind: 'guest' | 'stderr' | 'script' | '';
  readonly text: string;
  readonly line: number | undefined;
}

/** Turns output events, which end anywhere, into whole lines. */
class Transcript {
  readonly lines: ScriptLine[] = [];
  guestOutput = '';
  #unfinished: OutputLine | undefined;

  constructor(
    private readonly files: MainJobFiles,
    private readonly show: (line: string) => void,
  ) {}

  output({ category, output, line }: DebugProtocol.OutputEvent['body']): void {
    if (category === 'stdout') this.guestOutput += output;
    const kind =
      line !== undefined ? 'script' : category === 'stdout' ? 'guest' : category === 'stderr' ? 'stderr' : '';
    if (this.#unfinished?.kind !== kind || this.#unfinished.line !== line) this.endLine();
    const texts = ((this.#unfinished?.text ?? '') + output).split('\n');
    const rest = texts.pop() ?? '';
    for (const text of texts) this.#finish({ kind, text, line });
    this.#unfinished = rest === '' ? undefined : { kind, text: rest, line };
  }

  /** Shows what has come without a line end. */
  endLine(): void {
    const unfinished = this.#unfinished;
    this.#unfinished = undefined;
    if (unfinished !== undefined) this.#finish(unfinished);
  }

  #finish({ kind, text, line }: OutputLine): void {
    if (kind !== 'guest') this.lines.push({ text, line });
    const place = `${path.basename(this.files.script)}:${line}`;
    const suffix = line === undefined || text.includes(place) ? '' : `  (${place})`;
    this.show(`${kind.padEnd(8)}${text}${suffix}`);
  }
}
