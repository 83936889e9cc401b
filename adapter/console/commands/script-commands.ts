/** `?`, `print`, `.formats`: scripts and expressions, run once in the halted target. */

import { DriverError } from '../../../driver/driver-error';
import { scriptRefusal } from '../../arming/run-error';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { valueInTarget } from '../command-words';
import { inAllFormats } from '../format/numbers';
import { planOf } from '../planned-command';

export async function evaluate(line: CommandLine, context: CommandContext): Promise<void> {
  const plan = await planOf(line, context);
  if (plan.kind !== 'evaluate') return;
  const { bytes, symbolCount } = plan.script;
  try {
    const { text } = await context.client.runScript(bytes, symbolCount, false);
    if (text !== '') context.io.print(text);
  } catch (error) {
    if (error instanceof DriverError) throw new CommandError(scriptRefusal(error).text);
    throw error;
  }
}

export async function formats({ command }: CommandLine, context: CommandContext): Promise<void> {
  const text = command.rest.text;
  if (text === '')
    throw new CommandError(`"${command.name}" wants an expression, e.g. "${command.name} @rflags".`);
  context.io.print(inAllFormats(await valueInTarget(text, context)));
}
