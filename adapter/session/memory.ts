import type { DebugProtocol } from '@vscode/debugprotocol';
import { DriverError } from '../../driver/driver-error';
import type { Call } from './dap-server';
import type { DebugSession } from './debug-session';
import { RequestError } from './request-error';

/** One piece of a long read; between pieces a `cancel` is heard. */
const PIECE_BYTES = 64 * 1024;
const MAX_READ_BYTES = 64 * 1024 * 1024;
const ADDRESS_MASK = 0xffff_ffff_ffff_ffffn;

/** Address of a memory reference and a byte offset. */
export function addressOfReference(reference: string, offset = 0): bigint {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(reference)) {
    // An editor that is redrawn before it knows the place asks with an empty one: nothing to bother the user with.
    const message = `"${reference}" is no memory reference; give an address such as 0x401000.`;
    throw new RequestError(message, reference !== '');
  }
  return (BigInt(reference) + BigInt(Math.trunc(offset))) & ADDRESS_MASK;
}

/** DAP `readMemory`: what is mapped, and how much behind it is not. */
export async function readMemory(
  session: DebugSession,
  args: DebugProtocol.ReadMemoryArguments,
  call: Call,
): Promise<DebugProtocol.ReadMemoryResponse['body']> {
  const live = session.requireLive();
  const address = addressOfReference(args.memoryReference, args.offset);
  const hex = `0x${address.toString(16)}`;
  const wanted = Math.min(Math.max(0, args.count), MAX_READ_BYTES);
  const bytes = await live.whileHalted(() => readPieces(session, address, wanted, call));
  session.codeBreakpoints.hideIn(bytes, address);
  if (bytes.length === wanted) return { address: hex, data: Buffer.from(bytes).toString('base64') };
  return {
    address: hex,
    ...(bytes.length === 0 ? {} : { data: Buffer.from(bytes).toString('base64') }),
    unreadableBytes:
      bytes.length === 0 ? Math.min(wanted, pageRest(address)) : Math.min(wanted - bytes.length, 4096),
  };
}

/** Bytes up to the next page: what is certainly unreadable with the first byte. */
function pageRest(address: bigint): number {
  return 4096 - Number(address & 0xfffn);
}

async function readPieces(
  session: DebugSession,
  address: bigint,
  sizeBytes: number,
  call: Call,
): Promise<Uint8Array> {
  const { debuggee } = session.requireLive();
  const pieces: Uint8Array[] = [];
  for (let done = 0; done < sizeBytes && !call.signal.aborted;) {
    const wanted = Math.min(PIECE_BYTES, sizeBytes - done);
    const piece = await debuggee.readMemory(address + BigInt(done), wanted);
    pieces.push(piece);
    done += piece.length;
    if (piece.length < wanted) break;
  }
  if (call.signal.aborted) throw new RequestError('cancelled', false);
  // A copy: restoring bytes under breakpoints must not change the debuggee's buffer.
  return Uint8Array.from(Buffer.concat(pieces));
}

/** DAP `writeMemory`. With `allowPartial` the bytes up to the first unmapped page are written. */
export async function writeMemory(
  session: DebugSession,
  args: DebugProtocol.WriteMemoryArguments,
): Promise<DebugProtocol.WriteMemoryResponse['body']> {
  const live = session.requireLive();
  const address = addressOfReference(args.memoryReference, args.offset);
  const bytes = Uint8Array.from(Buffer.from(args.data, 'base64'));
  const written = await live.whileHalted(async () => {
    const readable = (await live.debuggee.readMemory(address, bytes.length)).length;
    if (readable === bytes.length || args.allowPartial !== true) {
      if (readable < bytes.length) throw unmapped(address + BigInt(readable));
      await live.debuggee.writeMemory(address, bytes);
      return bytes.length;
    }
    if (readable > 0) await live.debuggee.writeMemory(address, bytes.subarray(0, readable));
    return readable;
  });
  live.invalidateViews();
  session.frames.forgetWalks();
  session.invalidate(['stacks', 'variables']);
  if (session.client.supportsMemoryEvent === true) {
    session.server.emitEvent('memory', {
      memoryReference: args.memoryReference,
      offset: args.offset ?? 0,
      count: written,
    });
  }
  return { bytesWritten: written };
}

function unmapped(address: bigint): DriverError {
  return new DriverError(
    'Writing memory',
    undefined,
    `the target has nothing mapped at 0x${address.toString(16)}; nothing was written.`,
  );
}
