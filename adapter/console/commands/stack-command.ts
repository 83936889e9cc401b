/** `k`: the stack's values that follow a call (driver-protocol 8.4): a scan and no unwinding. */

import { requireSuccess } from '../../../driver/driver-error';
import { callSizeBytes } from '../../../driver/kd/call-instruction';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import {
  DEBUGGER_CALLSTACK_REQUEST,
  DEBUGGER_SINGLE_CALLSTACK_FRAME,
} from '../../../driver/sdk/structs.generated';
import { DEBUGGER_CALLSTACK_DISPLAY_METHOD as METHOD } from '../../../driver/sdk/tables.generated';
import type { CommandContext, CommandLine } from '../command-context';
import { addressOf, CommandWords } from '../command-words';
import { addressText } from '../format/numbers';

const DEFAULT_SIZE = 0x2000n;
/** What still fits into a frame with its records. */
const LARGEST_SIZE = 0x6000n;

export async function callStack({ command }: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(command);
  const base = words.takeValueOf('base');
  const size = Number(words.takeNumberOf('l', LARGEST_SIZE) ?? DEFAULT_SIZE);
  words.end();
  const BaseAddress = base === undefined ? 0n : await addressOf(base, context);
  const is32Bit = context.client.halted?.is32Bit === true;
  const slotBytes = is32Bit ? 4 : 8;
  const withValues = command.name.toLowerCase() !== 'k';
  const count = Math.floor(size / slotBytes);
  const operation = 'Reading the call stack';
  const { record, tail } = await context.client.requests.ask(
    REQUEST.callStack,
    {
      record: {
        Is32Bit: is32Bit,
        KernelStatus: 0,
        DisplayMethod: withValues
          ? METHOD.DEBUGGER_CALLSTACK_DISPLAY_METHOD_WITH_PARAMS
          : METHOD.DEBUGGER_CALLSTACK_DISPLAY_METHOD_WITHOUT_PARAMS,
        Size: size,
        FrameCount: count,
        BaseAddress,
        BufferSize: BigInt(
          DEBUGGER_CALLSTACK_REQUEST.sizeBytes + count * DEBUGGER_SINGLE_CALLSTACK_FRAME.sizeBytes,
        ),
      },
      // The answer comes in the request's own buffer, which has room for it already (8.4).
      tail: Array.from({ length: count }, () => DEBUGGER_SINGLE_CALLSTACK_FRAME.zero()),
    },
    operation,
    ANSWER.callStack,
  );
  requireSuccess(operation, record.KernelStatus);
  let shown = 0;
  for (const [slot, frame] of tail.entries()) {
    if (!frame.IsStackAddressValid) continue;
    const isReturn = frame.IsValidAddress && followsCall(frame.InstructionBytesOnRip, is32Bit);
    if (!isReturn && !withValues) continue;
    const place = context.symbols.placeOf(frame.Value)?.text;
    const offset = `+${(slot * slotBytes).toString(16).padStart(4, '0')}`;
    const symbol = isReturn && place !== undefined ? `  ; ${place}` : '';
    context.io.print(`${offset}  ${addressText(frame.Value)}${isReturn ? '  return' : ''}${symbol}`);
    shown++;
  }
  if (shown === 0) context.io.print('no return address is on that part of the stack');
}

/** Whether the bytes before a value end in a call. */
function followsCall(bytes: Uint8Array, is32Bit: boolean): boolean {
  return bytes.some((_, start) => callSizeBytes(bytes.subarray(start), is32Bit) === bytes.length - start);
}
