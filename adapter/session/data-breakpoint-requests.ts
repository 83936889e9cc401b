import type { DebugProtocol } from '@vscode/debugprotocol';
import { generalRegisterOrder } from '../../script-engine/catalog/registers';
import { addressOf } from './code-breakpoints';
import { dataIdOf } from './data-breakpoints';
import type { DebugSession } from './debug-session';
import { addressOfReference } from './memory';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

const DEFAULT_BYTES = 8;
/** The protocol of `!monitor` takes ranges of two bytes and more (driver-protocol 5.6). */
const LEAST_BYTES = 2;

/** DAP `dataBreakpointInfo`: for a register the memory it points to, for anything else the address it evaluates to. */
export async function dataBreakpointInfo(
  session: DebugSession,
  args: DebugProtocol.DataBreakpointInfoArguments,
): Promise<Info> {
  const live = session.requireLive();
  const range = await rangeFor(session, live, args);
  if (range === undefined) return { dataId: null, description: `"${args.name}" has no address to watch.` };
  const sizeBytes = Math.max(range.sizeBytes, LEAST_BYTES);
  const place = live.symbols.dataAt(range.address) ?? `0x${range.address.toString(16)}`;
  return {
    dataId: dataIdOf({ address: range.address, sizeBytes: BigInt(sizeBytes) }),
    description: `${place} (${sizeBytes} bytes)`,
    accessTypes: ['read', 'write', 'readWrite'],
    canPersist: false,
  };
}

async function rangeFor(
  session: DebugSession,
  live: LiveTarget,
  args: DebugProtocol.DataBreakpointInfoArguments,
): Promise<{ address: bigint; sizeBytes: number } | undefined> {
  if (args.variablesReference !== undefined && args.variablesReference !== 0) {
    const container = session.variables.get(args.variablesReference);
    if (container?.kind !== 'registers') return undefined;
    const index = generalRegisterOrder.findIndex((name) => name === args.name);
    const registers = await (await live.view(container.core)).registers();
    const address = registers.general[index];
    return address === undefined ? undefined : { address, sizeBytes: args.bytes ?? DEFAULT_BYTES };
  }
  if (args.asAddress === true) {
    return { address: addressOfReference(args.name), sizeBytes: args.bytes ?? DEFAULT_BYTES };
  }
  try {
    const address = await live.whileHalted(() => addressOf(live, args.name));
    return { address, sizeBytes: args.bytes ?? live.symbols.sizeAt(address) ?? DEFAULT_BYTES };
  } catch (error) {
    if (error instanceof RequestError) return undefined;
    throw error;
  }
}

/** DAP `setDataBreakpoints`. */
export async function setDataBreakpoints(
  session: DebugSession,
  args: DebugProtocol.SetDataBreakpointsArguments,
): Promise<{ breakpoints: DebugProtocol.Breakpoint[] }> {
  const live = session.requireLive();
  return {
    breakpoints: await live.whileHalted(() => session.dataBreakpoints.replace(live, args.breakpoints)),
  };
}
