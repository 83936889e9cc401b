import fs from 'node:fs';
import path from 'node:path';
import { compileScript, type CompileResult } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { projectFile } from '../../project-root';

/** One golden case (test/vectors/script/README.md). */
export interface VectorCase {
  readonly id: string;
  readonly category: string;
  readonly source: string;
  readonly syms?: Readonly<Record<string, string>>;
  readonly hwdbg?: readonly [pins: number, ports: number];
  readonly files?: Readonly<Record<string, string>>;
  readonly prev?: readonly string[];
  readonly upstreamUB?: boolean;
  readonly parse: {
    readonly ok: boolean;
    readonly crash?: boolean;
    readonly pointer?: number;
    readonly sha256?: string;
    readonly code?: string;
    readonly error?: {
      readonly text: string;
      readonly line: number;
      readonly column: number;
      readonly message: string;
    };
  };
}

const folder = projectFile('test/vectors/script');

export const vectorCategories: readonly string[] = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -5));

export function readVectors(category: string): readonly VectorCase[] {
  return JSON.parse(fs.readFileSync(path.join(folder, `${category}.json`), 'utf8')) as VectorCase[];
}

/** Compiles a case as the oracle did: fresh globals, earlier scripts first, one byte a character. */
export function compileVector(vector: VectorCase): CompileResult {
  const globals = new GlobalTable();
  const compile = (source: string): CompileResult =>
    compileScript(source, {
      globals,
      encoding: 'latin1',
      symbols: {
        resolve: (name) => {
          const address = vector.syms?.[name];
          return address === undefined ? undefined : BigInt(`0x${address}`);
        },
      },
      readInclude: (name) => vector.files?.[name],
      ...(vector.hwdbg === undefined ? {} : { hardware: { pins: vector.hwdbg[0], ports: vector.hwdbg[1] } }),
    });
  for (const source of vector.prev ?? []) compile(source);
  return compile(vector.source);
}

/** Slots in the notation of the vectors: `T/L/V` in hex. */
export function symbolText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const type = view.getBigUint64(at, true);
    const length = Number(view.getBigUint64(at + 8, true));
    if (type === 8n || type === 11n) {
      const text = Buffer.from(bytes.subarray(at + 16, at + 16 + length)).toString('hex');
      words.push(`${type.toString(16)}/${length.toString(16)}/"${text}`);
      at += (Math.floor((16 + length) / 24) + 1) * 24;
    } else {
      words.push(
        `${type.toString(16)}/${length.toString(16)}/${view.getBigUint64(at + 16, true).toString(16)}`,
      );
      at += 24;
    }
  }
  return words.join(' ');
}
