import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DebugSession } from './debug-session';
import { listCode } from './disassembly';
import type { LiveTarget } from './live-target';

/** The code around an address as a text, an instruction a line. */
interface Listing {
  readonly source: DebugProtocol.Source;
  readonly content: string;
  /** Addresses of the lines, ascending. */
  readonly addresses: readonly bigint[];
}

export interface AssemblyPlace {
  readonly source: DebugProtocol.Source;
  /** From 1. */
  readonly line: number;
}

/**
 * Listings of code that has no source here. A client goes to a frame only when it has a source: without one VS Code shows neither the place
 * nor the registers of a step, a pause or an entry point.
 */
export class AssemblySources {
  readonly #byReference = new Map<number, Listing>();
  readonly #newest = new Map<bigint, Listing>();

  /** Where `address` is in a listing; undefined where nothing can be read. */
  async placeOf(
    session: DebugSession,
    live: LiveTarget,
    address: bigint,
  ): Promise<AssemblyPlace | undefined> {
    const range = live.symbols.functionAt(address);
    const key = range?.start ?? address;
    const known = this.#newest.get(key);
    const knownLine = known?.addresses.indexOf(address) ?? -1;
    // Code that was written over has other instructions: then there is a new listing, because clients keep the old text.
    if (known !== undefined && knownLine >= 0) return { source: known.source, line: knownLine + 1 };
    const made = await this.#list(session, live, address);
    if (made === undefined) return undefined;
    this.#newest.set(key, made);
    const line = made.addresses.findLastIndex((start) => start <= address) + 1;
    return { source: made.source, line: Math.max(1, line) };
  }

  contentOf(reference: number): string | undefined {
    return this.#byReference.get(reference)?.content;
  }

  async #list(session: DebugSession, live: LiveTarget, address: bigint): Promise<Listing | undefined> {
    const lines = await listCode(session, live, address);
    if (lines.length === 0) return undefined;
    const sourceReference = this.#byReference.size + 1;
    const name = live.symbols.functionAt(address)?.name ?? `0x${address.toString(16)}`;
    const listing = {
      source: { name: `${name} (assembly)`, sourceReference },
      content: lines.map(textOf).join('\n'),
      addresses: lines.map((line) => BigInt(line.address)),
    };
    this.#byReference.set(sourceReference, listing);
    return listing;
  }
}

const BYTES_WIDTH = 32;

function textOf({ address, instructionBytes, instruction }: DebugProtocol.DisassembledInstruction): string {
  return `${address}  ${(instructionBytes ?? '').padEnd(BYTES_WIDTH)}${instruction}`;
}
