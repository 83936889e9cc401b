/** Steps that take more than one request to the target. */

import type { StepKind, Stop } from '../../driver/debuggee';
import type { SourceLine } from '../symbols/line-table';
import { RSP_INDEX } from '../target/stack-walk';
import type { CodeBreakpoints } from './code-breakpoints';
import type { LiveTarget } from './live-target';

/** A line can be a long loop; then the step ends where it is. */
const MAX_STEPS_IN_LINE = 20_000;

/** Steps until another line is reached. Undefined when the client has been told of a stop meanwhile (it asked for a pause). */
export async function stepLine(
  live: LiveTarget,
  breakpoints: CodeBreakpoints,
  kind: StepKind,
  start: SourceLine,
): Promise<Stop | undefined> {
  for (let count = 1; ; count++) {
    let stop = await live.debuggee.step(kind);
    if (live.isStopped) return undefined;
    if (stop.reason !== 'step' || count >= MAX_STEPS_IN_LINE) return stop;
    let line = live.symbols.lineOf(stop.rip);
    if (line === undefined && kind === 'in') {
      // A step into code without lines, such as a library: back to the line that called it.
      const caller = await returnPlace(live);
      if (caller === undefined) return stop;
      stop = await runTo(live, breakpoints, caller.address, caller.stackPointer);
      if (live.isStopped) return undefined;
      if (stop.reason !== 'step') return stop;
      line = live.symbols.lineOf(stop.rip);
    }
    if (line?.line !== start.line || line.file !== start.file) return stop;
  }
}

/** Where a function that was just called returns to. */
async function returnPlace(
  live: LiveTarget,
): Promise<{ readonly address: bigint; readonly stackPointer: bigint } | undefined> {
  const stackPointer = (await live.debuggee.readRegisters()).general[RSP_INDEX] ?? 0n;
  const bytes = await live.debuggee.readMemory(stackPointer, 8);
  if (bytes.length < 8) return undefined;
  const address = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  return live.symbols.isCode(address) ? { address, stackPointer: stackPointer + 8n } : undefined;
}

/**
 * Runs until `address` is reached with the stack back at `stackPointer` or above; that stop has reason `step`. Anything else that
 * stops the target ends it too.
 */
export async function runTo(
  live: LiveTarget,
  breakpoints: CodeBreakpoints,
  address: bigint,
  stackPointer: bigint,
): Promise<Stop> {
  const { debuggee } = live;
  const present = breakpoints.targetIdAt(address);
  const id = present ?? (await debuggee.setBreakpoint(address));
  for (;;) {
    const stop = await nextStop(live);
    const isOurs = stop.reason === 'breakpoint' && stop.eventTag === id;
    // A recursive call returns to the same address with a deeper stack; that is not our frame yet.
    const isBack = isOurs && ((await debuggee.readRegisters()).general[RSP_INDEX] ?? 0n) >= stackPointer;
    if (isOurs && !isBack && present === undefined) continue;
    if (present === undefined) await debuggee.clearBreakpoint(id);
    return isBack && present === undefined ? { ...stop, reason: 'step' } : stop;
  }
}

/** Lets the target run and takes its next stop before the client hears of it. */
async function nextStop(live: LiveTarget): Promise<Stop> {
  return new Promise<Stop>((resolve, reject) => {
    live.intercept((stop) => {
      live.intercept(undefined);
      resolve(stop);
      return true;
    });
    live.debuggee.resume().catch((error: unknown) => {
      live.intercept(undefined);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}
