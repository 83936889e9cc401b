/** The fixed memory of user-mode runs: the map that the golden vectors were made with (vectors/script/README). */

import type { ScriptMemory } from '../evaluator/script-machine';
import type { SessionBases } from '../evaluator/session';

export const SCRATCH_BASE = 0x1000_0000n;
const SCRATCH_BYTES = 0x1_0000;
const PROCESS_NAME_BASE = 0x5000_0000n;
const PROCESS_NAME = 'hyperdbg-cli.exe';

export const userModeBases: SessionBases = {
  stack: 0x2000_0000n,
  globals: 0x3000_0000n,
  code: 0x4000_0000n,
};

const pseudoRegisterValues: Readonly<Record<string, bigint>> = {
  $pid: 0x1234n,
  $tid: 0x5678n,
  $core: 2n,
  $pname: PROCESS_NAME_BASE,
};

/** Value of a pseudo register, with its `$`, in user mode. */
export function userModePseudoRegister(name: string): bigint {
  return pseudoRegisterValues[name] ?? 0n;
}

const narrowTexts: readonly (readonly [number, string])[] = [
  [0x1000, 'Hello, HyperDbg!'],
  [0x1040, 'Hello, HyperDbg?'],
  [0x1080, 'abc'],
  [0x10a0, 'abcdef'],
  [0x10c0, ''],
  [0x10e0, 'A'.repeat(100)],
];

const wideTexts: readonly (readonly [number, string])[] = [
  [0x1200, 'Wide test string'],
  [0x1280, 'Wide test strinG'],
  [0x1300, 'abc'],
  [0x1340, 'A\u00e9\u4e2dZ'],
  [0x1400, Array.from({ length: 60 }, (_, index) => String.fromCharCode(0x61 + (index % 26))).join('')],
];

const instructions = '904889c848b80102030405060708c3e8000000000f0b660f1f44000006ff';

const words: readonly bigint[] = [
  0x1122334455667788n,
  0xffffffffffffffffn,
  0x8000000000000000n,
  0x7fffffffffffffffn,
  0x10001000n,
  0x10004000n,
  0n,
  1n,
];

function initialScratch(): Uint8Array {
  const bytes = Uint8Array.from({ length: SCRATCH_BYTES }, (_, index) => (index * 31 + 7) & 0xff);
  const view = new DataView(bytes.buffer);
  bytes.fill(0, 0x1000, 0x1800);
  bytes.fill(0, 0x2000, 0x3000);
  for (const [offset, text] of narrowTexts) {
    [...text].forEach((letter, index) => view.setUint8(offset + index, letter.charCodeAt(0)));
  }
  for (const [offset, text] of wideTexts) {
    [...text].forEach((letter, index) => view.setUint16(offset + index * 2, letter.charCodeAt(0), true));
  }
  for (let index = 0; index * 2 < instructions.length; index++) {
    view.setUint8(0x3000 + index, parseInt(instructions.slice(index * 2, index * 2 + 2), 16));
  }
  words.forEach((word, index) => view.setBigUint64(0x4000 + index * 8, word, true));
  return bytes;
}

export interface ChangedRun {
  /** Offset in the scratch area. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

let scratchAtStart: Uint8Array | undefined;

/** Scratch area and process name; nothing else is mapped, and there is no physical memory. */
export class UserModeMap implements ScriptMemory {
  readonly #before = (scratchAtStart ??= initialScratch());
  readonly #scratch = this.#before.slice();
  readonly #name = Uint8Array.from(`${PROCESS_NAME}\0`, (letter) => letter.charCodeAt(0));

  read(address: bigint, sizeBytes: number): Uint8Array | undefined {
    return (
      part(this.#scratch, SCRATCH_BASE, address, sizeBytes) ??
      part(this.#name, PROCESS_NAME_BASE, address, sizeBytes)
    );
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    const target = part(this.#scratch, SCRATCH_BASE, address, bytes.length);
    target?.set(bytes);
    return target !== undefined;
  }

  readPhysical(): undefined {
    return undefined;
  }

  writePhysical(): boolean {
    return false;
  }

  virtualToPhysical(): undefined {
    return undefined;
  }

  physicalToVirtual(): undefined {
    return undefined;
  }

  /** Stretches of the scratch area that differ from the start. */
  changedRuns(): readonly ChangedRun[] {
    const runs: ChangedRun[] = [];
    let start = -1;
    for (let offset = 0; offset <= SCRATCH_BYTES; offset++) {
      const changed = offset < SCRATCH_BYTES && this.#scratch[offset] !== this.#before[offset];
      if (changed && start < 0) start = offset;
      if (!changed && start >= 0) {
        runs.push({ offset: start, bytes: this.#scratch.slice(start, offset) });
        start = -1;
      }
    }
    return runs;
  }
}

function part(bytes: Uint8Array, base: bigint, address: bigint, sizeBytes: number): Uint8Array | undefined {
  const offset = address - base;
  if (offset < 0n || offset > BigInt(bytes.length - sizeBytes)) return undefined;
  return bytes.subarray(Number(offset), Number(offset) + sizeBytes);
}
