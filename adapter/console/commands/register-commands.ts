/** `r`: registers of the halted core. */

import { requireSuccess } from '../../../driver/driver-error';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import { registerByName } from '../../../script-engine/catalog/registers';
import { compileScript } from '../../../script-engine/compiler/compile';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { hex } from '../format/numbers';
import { registersText } from '../format/stop-text';

const NO_BYTES = new Uint8Array(0);

export async function registers({ command }: CommandLine, context: CommandContext): Promise<void> {
  const text = command.rest.text;
  if (text === '') {
    context.io.print(registersText(await context.client.readRegisters()));
    return;
  }
  const [, name = text, expression] = /^([^=]*?)\s*=(?!=)\s*([\s\S]*)$/.exec(text) ?? [];
  const register = registerByName(name.trim().replace(/^@/, '').toLowerCase());
  if (register === undefined)
    throw new CommandError(`"${name.trim()}" is no register; "r" alone shows the common ones.`);
  if (expression !== undefined) await assign(register.name, expression, context);
  else await showRegister(register.name, register.id, context);
}

async function showRegister(name: string, id: number, context: CommandContext): Promise<void> {
  const operation = `Reading the register ${name}`;
  const { record } = await context.client.requests.ask(
    REQUEST.readRegisters,
    { registerId: id, unused: NO_BYTES },
    operation,
    ANSWER.readRegisters,
    (answer) => answer.record.RegisterId === id,
  );
  requireSuccess(operation, record.KernelStatus);
  context.io.print(`${name}=${hex(record.Value, 16)}`);
}

/** The original compiles an assignment and runs it in the target (8.4). */
async function assign(name: string, expression: string, context: CommandContext): Promise<void> {
  const value = expression.trim().replace(/;$/, '');
  if (value === '' || /[{};]/.test(value))
    throw new CommandError(`"r ${name} = …" takes one expression, e.g. "r ${name} = @rax + 10".`);
  const { script, diagnostics } = compileScript(`@${name}=${value};`, {
    globals: context.globals,
    symbols: context.symbols,
    mode: context.target.mode,
  });
  if (script === undefined) {
    const problem = diagnostics.find(({ severity }) => severity === 'error')?.message;
    throw new CommandError(`"${value}" cannot be given to ${name}: ${problem ?? 'it cannot be compiled.'}`);
  }
  await context.client.runScript(script.bytes, script.symbolCount, false);
}
