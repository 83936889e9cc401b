import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  answerVector,
  type EvalAnswer,
  type VectorRequest,
} from '../../../script-engine/conformance/answer-vector';
import { projectFile } from '../../project-root';
import { bufferOfCode } from '../evaluator/symbol-code';

interface Vector extends VectorRequest {
  readonly id: string;
  readonly upstreamUB?: boolean;
  readonly parse: {
    readonly ok: boolean;
    readonly crash?: boolean;
    readonly code?: string;
    readonly sha256?: string;
    readonly error?: { readonly text: string; readonly line: number; readonly column: number };
  };
  readonly eval?: Partial<EvalAnswer> & { readonly crash?: boolean };
}

const folder = projectFile('test/vectors/script');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

function vectorsOf(file: string): readonly Vector[] {
  return JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Vector[];
}

function comparable(answer: (Partial<EvalAnswer> & { crash?: boolean }) | undefined): unknown {
  return {
    ok: answer?.ok,
    output: answer?.output ?? '',
    result: answer?.result ?? '0x0',
    regs: answer?.regs ?? {},
    globals: answer?.globals ?? {},
    memory: answer?.memory ?? [],
    error: answer?.error ?? '',
  };
}

describe('golden vectors of the script language', () => {
  for (const file of files) {
    it(file, () => {
      for (const vector of vectorsOf(file)) {
        const want = ['parse', ...(vector.eval === undefined ? [] : ['eval'])];
        const answer = answerVector({ ...vector, want });
        if (vector.parse.crash === true) assert.equal(answer.parse.ok, false, vector.id);
        if (vector.parse.crash === true || vector.upstreamUB === true) continue;
        if (!vector.parse.ok) {
          assert.deepEqual(answer.parse, { ok: false, error: errorPlace(vector) }, vector.id);
          continue;
        }
        assert.ok(answer.parse.ok, `${vector.id}: ${JSON.stringify(answer.parse)}`);
        if (vector.parse.code !== undefined) assert.equal(answer.parse.code, vector.parse.code, vector.id);
        const { bytes } = bufferOfCode(answer.parse.code);
        if (vector.parse.sha256 !== undefined) {
          assert.equal(createHash('sha256').update(bytes).digest('hex'), vector.parse.sha256, vector.id);
        }
        if (vector.eval === undefined || vector.eval.crash === true) continue;
        assert.deepEqual(comparable(answer.eval), comparable(vector.eval), vector.id);
      }
    });
  }
});

function errorPlace(vector: Vector): unknown {
  const { text, line, column } = vector.parse.error ?? {};
  return { text, line, column };
}
