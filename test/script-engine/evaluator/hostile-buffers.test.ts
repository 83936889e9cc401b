import assert from 'node:assert/strict';
import { runScript } from '../../../script-engine/evaluator/interpreter';
import { MalformedScriptError, prepareScript } from '../../../script-engine/evaluator/prepare';
import { ScriptSession } from '../../../script-engine/evaluator/session';
import { UserModeMachine } from '../../../script-engine/conformance/user-mode-machine';
import { Random } from '../../random';
import { TestMachine } from './test-machine';

const SLOT = 24;

function slot(kind: bigint, value: bigint, length = 0n): Uint8Array {
  const bytes = new Uint8Array(SLOT);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, kind), true);
  view.setBigUint64(8, BigInt.asUintN(64, length), true);
  view.setBigUint64(16, BigInt.asUintN(64, value), true);
  return bytes;
}

function bufferOf(slots: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(slots));
}

describe('buffers that no compiler makes', () => {
  it('are refused when they are too short or hold no symbols', () => {
    assert.throws(() => prepareScript(new Uint8Array(23), 1), MalformedScriptError);
    assert.throws(() => prepareScript(new Uint8Array(24), 0.5), MalformedScriptError);
    assert.throws(() => prepareScript(slot(99n, 0n), 1), /symbol 0: no symbol has this kind/);
    assert.throws(() => prepareScript(slot(8n, 0n, 100n), 1), /runs over the end/);
    assert.throws(() => prepareScript(slot(8n, 0n, -1n), 1), /runs over the end/);
  });

  it('may be empty', () => {
    const outcome = runScript(prepareScript(new Uint8Array(0), 0), new TestMachine(), new ScriptSession());
    assert.deepEqual(outcome, { ok: true, result: undefined, instructions: 0 });
  });

  it('end with an error where operands are missing or lead outside', () => {
    const cases: readonly (readonly Uint8Array[])[] = [
      [slot(6n, 9n)],
      [slot(6n, 23n), slot(3n, 1n), slot(7n, 1000n)],
      [slot(6n, 23n), slot(3n, 1n), slot(1n, 512n)],
      [slot(6n, 33n), slot(7n, 0n)],
      [slot(6n, 23n), slot(12n, 0n), slot(7n, 0n)],
      [slot(6n, 23n), slot(4n, 5000n), slot(7n, 0n)],
      [slot(6n, 46n), slot(3n, 0n), slot(9n, 1n << 40n)],
      [slot(3n, 0n)],
    ];
    for (const slots of cases) {
      const prepared = prepareScript(bufferOf(slots), slots.length);
      const outcome = runScript(prepared, new TestMachine(), new ScriptSession());
      assert.equal(outcome.ok, false);
      assert.match(outcome.error?.text ?? '', /^err, /);
    }
  });

  it('never crash or hang, whatever stands in them', () => {
    const random = new Random(7);
    const numbers = [
      0n,
      1n,
      2n,
      8n,
      255n,
      256n,
      0xffffffffn,
      1n << 63n,
      -1n,
      0x5000n,
      0x10000000n,
      0xffffd5c020000000n,
    ];
    for (let round = 0; round < 3000; round++) {
      const count = 1 + random.below(40);
      const slots = Array.from({ length: count }, () => {
        const kind = random.below(10) < 4 ? 6n : BigInt(random.below(22));
        const value =
          kind === 6n
            ? BigInt(random.below(165))
            : random.below(10) < 5
              ? BigInt(random.below(50))
              : (numbers[random.below(numbers.length)] ?? 0n);
        const length =
          kind === 8n || kind === 11n ? BigInt(random.below(12)) : random.below(10) < 2 ? 2n : 0n;
        return slot(kind, value, length);
      });
      const machine = round % 2 === 0 ? new TestMachine() : new UserModeMachine();
      let prepared;
      try {
        prepared = prepareScript(bufferOf(slots), count);
      } catch (error) {
        assert.ok(error instanceof MalformedScriptError);
        continue;
      }
      const outcome = runScript(prepared, machine, new ScriptSession(), { maxInstructions: 2000 });
      assert.equal(typeof outcome.ok, 'boolean');
    }
  });
});
