/** Small C programs for tests, built by the compiler of this computer. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { skipBecause } from '../../skip';

const folder = path.join(os.tmpdir(), 'hds-test-guests');

export interface GuestProgram {
  readonly file: string;
  /** Address of a symbol as linked; programs here are not position independent unless asked for. */
  symbol(name: string): bigint;
}

/** Builds the program, or skips the test where that cannot be done. The same source is built once. */
export function buildGuest(
  test: Mocha.Context,
  source: string,
  flags: readonly string[] = ['-static'],
): GuestProgram {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return skipBecause(test, 'guests for tests are built on Linux x86-64 only');
  }
  const name = createHash('sha256').update(source).update(flags.join(' ')).digest('hex').slice(0, 16);
  const file = path.join(folder, name);
  if (!fs.existsSync(file)) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(`${file}.c`, source);
    const temporary = `${file}.${process.pid}`;
    const built = spawnSync(
      'cc',
      ['-O1', '-g', '-no-pie', '-pthread', ...flags, `${file}.c`, '-o', temporary],
      {
        encoding: 'utf8',
      },
    );
    if (built.error !== undefined) return skipBecause(test, 'there is no C compiler (cc) here');
    if (built.status !== 0) throw new Error(built.stderr);
    fs.renameSync(temporary, file);
  }
  return { file, symbol: (symbol) => symbolAddress(file, symbol) };
}

function symbolAddress(file: string, symbol: string): bigint {
  const listed = spawnSync('nm', [file], { encoding: 'utf8' }).stdout;
  const line = listed.split('\n').find((text) => text.endsWith(` ${symbol}`));
  if (line === undefined) throw new Error(`${symbol} is not in ${file}`);
  return BigInt(`0x${line.slice(0, 16)}`);
}
