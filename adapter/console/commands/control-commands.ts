/** Running, stepping and cores: `g`, `t`, `p`, `i`, `gu`, `!track`, `~`. */

import type { Stop } from '../../../driver/debuggee';
import { callSizeBytes } from '../../../driver/kd/call-instruction';
import type { StepType } from '../../../driver/kd/kd-requests';
import { loadDisassembler } from '../../../script-engine/asm/disassembler';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { CommandWords } from '../command-words';
import { addressText } from '../format/numbers';
import { registersText, stopText } from '../format/stop-text';

/** How many steps `gu` makes at most when no count stands behind it. */
const DEFAULT_OUT_STEPS = 0x10000n;
const DEFAULT_TRACK_STEPS = 0x1000n;

export async function go({ command }: CommandLine, context: CommandContext): Promise<void> {
  new CommandWords(command).end();
  await tellStop(await context.client.requests.continueToStop(), context);
}

async function tellStop(stop: Stop, context: CommandContext): Promise<void> {
  context.io.print(await stopText(stop, context.symbols, context.events));
}

/** The stop that the target is in; commands that need one run only when there is one. */
function presentStop({ client }: CommandContext): Stop {
  const stop = client.halted;
  if (stop === undefined) throw new CommandError('The target runs.');
  return stop;
}

/** `t`, `p`, `i` and their forms with `r`, which show the registers as well. */
export function step(type: 'in' | 'over' | 'instrumentation') {
  return async ({ command }: CommandLine, context: CommandContext): Promise<void> => {
    const words = new CommandWords(command);
    const count = words.isEmpty ? 1n : words.takeNumber('a count of steps');
    words.end();
    const showsRegisters = command.name.toLowerCase().endsWith('r');
    for (let done = 0n; done < count && !context.signal.aborted; done++) {
      const { instructionBytes, is32Bit } = presentStop(context);
      const call = type === 'over' ? callSizeBytes(instructionBytes, is32Bit) : undefined;
      const stop = await context.client.requests.step(type, call);
      await tellStop(stop, context);
      if (showsRegisters) context.io.print(registersText(await context.client.readRegisters()));
      if (stop.reason !== 'step') return;
    }
  };
}

/** Steps over until the function returns. */
export async function stepOut({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const count = words.isEmpty ? DEFAULT_OUT_STEPS : words.takeNumber('a count of steps');
  words.end();
  const disassembler = await loadDisassembler();
  let stop = presentStop(context);
  for (let done = 0n; done < count && !context.signal.aborted; done++) {
    const { instructionBytes, is32Bit, rip } = stop;
    const [instruction] = disassembler.decode(instructionBytes, rip, 1, is32Bit ? 32 : 64);
    const isLast = instruction?.isReturn === true;
    const type: StepType = isLast ? 'outLast' : 'out';
    stop = await context.client.requests.step(type, callSizeBytes(instructionBytes, is32Bit));
    if (isLast || stop.reason !== 'step') break;
  }
  await tellStop(stop, context);
}

/** Steps through many instructions and shows the calls and returns as a tree, or the registers behind each step. */
export async function track({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const mode = words.takeWord('tree', 'reg') ?? 'tree';
  const count = words.isEmpty ? DEFAULT_TRACK_STEPS : words.takeNumber('a count of steps');
  words.end();
  const disassembler = await loadDisassembler();
  let depth = 0;
  for (let done = 0n; done < count && !context.signal.aborted; done++) {
    const { instructionBytes, is32Bit, rip } = presentStop(context);
    const [instruction] = disassembler.decode(instructionBytes, rip, 1, is32Bit ? 32 : 64);
    const stop = await context.client.requests.step('tracking');
    if (mode === 'reg') {
      context.io.print(`${addressText(rip)}  ${instruction?.text ?? '(no instruction)'}`);
      context.io.print(registersText(await context.client.readRegisters()));
    } else if (instruction?.isCall === true) {
      const place = context.symbols.placeOf(stop.rip)?.text;
      context.io.print(`${'  '.repeat(depth++)}call ${place ?? addressText(stop.rip)}`);
    } else if (instruction?.isReturn === true) {
      depth = Math.max(0, depth - 1);
      context.io.print(`${'  '.repeat(depth)}return to ${addressText(stop.rip)}`);
    }
    if (stop.reason !== 'step') {
      await tellStop(stop, context);
      return;
    }
  }
  await tellStop(presentStop(context), context);
}

/** `~`: which core is looked at, or another one. */
export async function selectCore({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const { core } = presentStop(context);
  const wanted = words.isEmpty ? undefined : Number(words.takeNumber('the number of a core'));
  words.end();
  if (wanted === undefined) context.io.print(`core ${core}`);
  else if (wanted === core) context.io.print(`core ${core} is looked at already`);
  else await tellStop(await context.client.requests.selectCore(wanted), context);
}
