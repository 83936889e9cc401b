import assert from 'node:assert/strict';
import { compileScript } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { tokenize } from '../../../script-engine/syntax/lexer';
import { Random } from '../../random';
import { readVectors } from './vector-file';

const programs = readVectors('programs').map((vector) => vector.source);
const wrongTokens = [')', '(', ';', '}', '{', '+', '==', 'if', '5', '"'];

interface Injected {
  readonly text: string;
  /** The stretch in which the mistake should be shown: one token to either side. */
  readonly from: number;
  readonly to: number;
}

/** One token deleted, doubled or replaced in a good program. */
function inject(random: Random): Injected {
  const source = random.pick(programs);
  const { starts, ends, count } = tokenize(source);
  const token = random.below(count - 1);
  const start = starts[token]!;
  const end = ends[token]!;
  const replacement = [
    '',
    `${source.slice(start, end)} ${source.slice(start, end)}`,
    `${random.pick(wrongTokens)} `,
  ][random.below(3)]!;
  return {
    text: source.slice(0, start) + replacement + source.slice(end),
    from: starts[Math.max(0, token - 1)]! - 2,
    to: ends[Math.min(count - 1, token + 2)]! + replacement.length,
  };
}

describe('recovery from mistakes', () => {
  it('gives about one message for one mistake, near its place', () => {
    const random = new Random(5);
    let broken = 0;
    let messages = 0;
    let near = 0;
    for (let round = 0; round < 1500; round++) {
      const { text, from, to } = inject(random);
      const { diagnostics } = compileScript(text, { globals: new GlobalTable() });
      const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
      const [first] = errors;
      if (first === undefined) continue;
      broken++;
      messages += errors.length;
      if (first.span.start >= from && first.span.start <= to) near++;
    }
    assert.ok(broken > 1000);
    assert.ok(messages / broken <= 1.2, `${(messages / broken).toFixed(3)} messages a mistake`);
    assert.ok(near / broken >= 0.9, `${((100 * near) / broken).toFixed(1)} % near the mistake`);
  });
});
