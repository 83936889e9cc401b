import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { userModeBases } from '../../../script-engine/conformance/user-mode-map';
import { UserModeMachine } from '../../../script-engine/conformance/user-mode-machine';
import { runScript } from '../../../script-engine/evaluator/interpreter';
import { prepareScript } from '../../../script-engine/evaluator/prepare';
import { ScriptSession } from '../../../script-engine/evaluator/session';
import { projectFile } from '../../project-root';
import { bufferOfCode } from './symbol-code';

interface Vector {
  readonly id: string;
  readonly regs?: Readonly<Record<string, string>>;
  readonly hwdbg?: readonly number[];
  readonly prev?: readonly string[];
  readonly upstreamUB?: boolean;
  readonly parse: { readonly code?: string };
  readonly eval?: {
    readonly ok: boolean;
    readonly output: string;
    readonly error?: string;
    readonly result?: string;
    readonly crash?: boolean;
    readonly regs?: Readonly<Record<string, string>>;
    readonly globals?: Readonly<Record<string, string>>;
    readonly memory?: readonly { readonly offset: string; readonly hex: string }[];
  };
}

const folder = projectFile('test/vectors/script');
const hex = (value: bigint): string => `0x${value.toString(16)}`;

function answer(vector: Vector, code: string): unknown {
  const { bytes, symbolCount } = bufferOfCode(code);
  const registers = Object.entries(vector.regs ?? {}).map(([name, value]) => [name, BigInt(value)] as const);
  const machine = new UserModeMachine(new Map(registers));
  const session = new ScriptSession({ bases: userModeBases });
  const outcome = runScript(prepareScript(bytes, symbolCount), machine, session, {
    upstreamFaults: true,
    registersArePins: vector.hwdbg !== undefined,
  });
  const names = Object.keys(vector.eval?.globals ?? {});
  return {
    ok: outcome.ok,
    output: machine.output,
    error: outcome.error?.text ?? '',
    result: hex(outcome.result ?? 0n),
    regs: Object.fromEntries([...machine.changedRegisters()].map(([name, value]) => [name, hex(value)])),
    globals: Object.fromEntries(names.map((name, index) => [name, hex(session.globals[index] ?? 0n)])),
    memory: machine.memory.changedRuns().map((run) => ({
      offset: `0x${run.offset.toString(16)}`,
      hex: Buffer.from(run.bytes).toString('hex'),
    })),
  };
}

describe('evaluator against golden symbol buffers', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    it(file, () => {
      const vectors = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Vector[];
      for (const vector of vectors) {
        const { code } = vector.parse;
        const want = vector.eval;
        // What earlier scripts left in the globals needs the compiler: conformance tests run those.
        if (code === undefined || want === undefined || vector.prev !== undefined) continue;
        const got = answer(vector, code);
        if (want.crash === true || vector.upstreamUB === true) continue;
        assert.deepEqual(
          got,
          {
            ok: want.ok,
            output: want.output,
            error: want.error ?? '',
            result: want.result ?? '0x0',
            regs: want.regs ?? {},
            globals: want.globals ?? {},
            memory: want.memory ?? [],
          },
          vector.id,
        );
      }
    });
  }
});
