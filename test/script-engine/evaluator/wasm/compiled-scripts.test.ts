import assert from 'node:assert/strict';
import { opcodeValue } from '../../../../script-engine/catalog/opcodes';
import { compileScript } from '../../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../../script-engine/compiler/global-table';
import { runScript, type RunOptions } from '../../../../script-engine/evaluator/interpreter';
import { prepareScript, type PreparedScript } from '../../../../script-engine/evaluator/prepare';
import { ScriptSession } from '../../../../script-engine/evaluator/session';
import { bufferOfCode } from '../symbol-code';
import { TestMachine } from '../test-machine';

interface Api {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (limits: object) => object;
}

const surroundings = globalThis as unknown as { WebAssembly: Api | undefined };

function prepared(source: string): PreparedScript {
  const { script, diagnostics } = compileScript(source, { globals: new GlobalTable() });
  assert.ok(script, JSON.stringify(diagnostics));
  return prepareScript(script.bytes, script.symbolCount);
}

/** Runs `work` with another WebAssembly. */
function withWebAssembly<T>(change: (original: Api) => Api | undefined, work: () => T): T {
  const original = surroundings.WebAssembly;
  assert.ok(original);
  surroundings.WebAssembly = change(original);
  try {
    return work();
  } finally {
    surroundings.WebAssembly = original;
  }
}

/** How many modules were made. */
function modulesMade(work: () => void): number {
  let count = 0;
  withWebAssembly((original) => {
    class Module extends original.Module {
      constructor(bytes: Uint8Array) {
        super(bytes);
        count++;
      }
    }
    return Object.assign(Object.create(original) as Api, { Module });
  }, work);
  return count;
}

function refusing(part: 'Module' | 'Memory', error: Error): (original: Api) => Api {
  const Refusing = function (): never {
    throw error;
  };
  return (original) => Object.assign(Object.create(original) as Api, { [part]: Refusing });
}

const run = (script: PreparedScript, options?: RunOptions, machine = new TestMachine()) =>
  runScript(script, machine, new ScriptSession(), options);

const counting = 'sum = 0; for (ix = 0; ix < 5000; ix++) { sum = sum + ix; } formats(sum);';
const endless = 'sum = 0; while (1 == 1) { sum = sum + 1; @rbx = sum; }';

describe('scripts compiled to WebAssembly', () => {
  it('are those that have run often', () => {
    const script = prepared('if (@rax == 0x55) { printf("hit"); }');
    const machine = new TestMachine();
    assert.equal(
      modulesMade(() => {
        for (let count = 0; count < 10; count++) run(script, undefined, machine);
      }),
      0,
    );
    assert.equal(
      modulesMade(() => {
        for (let count = 0; count < 5000; count++) run(script, undefined, machine);
      }),
      1,
    );
    machine.generalRegisters[0] = 0x55n;
    assert.deepEqual(run(script, undefined, machine), { ok: true, result: undefined, instructions: 5 });
    assert.equal(machine.output, 'hit');
  });

  it('and long loops in the middle of their run, with the same end', () => {
    const expected = run(prepared(counting), { compileAfter: Infinity });
    assert.equal(expected.ok, true);
    assert.equal(
      modulesMade(() => assert.deepEqual(run(prepared(counting)), expected)),
      1,
    );
  });

  it('end at the limit, with the same instruction and the same registers', () => {
    for (const maxInstructions of [100, 101, 102, 103, 104, 105, 106, 999_999, 1_000_000]) {
      const [interpreted, compiled, changed] = [Infinity, 0, 50].map((compileAfter) => {
        const machine = new TestMachine();
        const outcome = run(prepared(endless), { maxInstructions, compileAfter }, machine);
        return { outcome, rbx: machine.generalRegisters[3] };
      });
      assert.equal(interpreted?.outcome.error?.text, 'err, exceeding the max execution count');
      assert.equal(interpreted.outcome.instructions, maxInstructions);
      assert.deepEqual(compiled, interpreted);
      assert.deepEqual(changed, interpreted);
    }
  });

  it('find the full stack and name the call', () => {
    const script = 'int fn_deep(int px) { return fn_deep(px + 1); } lx = fn_deep(0);';
    const expected = run(prepared(script), { compileAfter: Infinity });
    assert.equal(expected.error?.text, 'err, stack buffer overflow');
    assert.deepEqual(run(prepared(script), { compileAfter: 0 }), expected);
  });

  it('see what another script does with globals and registers while they wait', () => {
    const globals = new GlobalTable();
    const compiled = (source: string): PreparedScript => {
      const { script } = compileScript(source, { globals });
      assert.ok(script);
      return prepareScript(script.bytes, script.symbolCount);
    };
    const outer = compiled('.seen = 1; @rax = 2; lx = 0x77; pause(); .seen = .seen + @rax; formats(lx);');
    const inner = compiled('lx = 5; .seen = .seen + 0x10; @rax = @rax + 0x20; formats(lx);');
    for (const compileAfter of [Infinity, 0]) {
      const machine = new TestMachine();
      const session = new ScriptSession();
      const halted = new ScriptSession({ globals: session.globals });
      machine.services.pause = () => {
        assert.equal(runScript(inner, machine, halted, { compileAfter }).result, 5n);
      };
      assert.equal(runScript(outer, machine, session, { compileAfter }).result, 0x77n);
      assert.equal(session.globals[0], 0x11n + 0x22n);
    }
  });

  it('let a mistake of the machine through, and run again', () => {
    const script = prepared('pause(); formats(7);');
    const machine = new TestMachine();
    const { pause } = machine.services;
    machine.services.pause = () => {
      throw new TypeError('a mistake');
    };
    assert.throws(() => run(script, { compileAfter: 0 }, machine), /a mistake/);
    machine.services.pause = pause;
    assert.equal(run(script, { compileAfter: 0 }, machine).result, 7n);
  });

  it('stay in the interpreter where there is no WebAssembly, or none is allowed', () => {
    const expected = run(prepared(counting), { compileAfter: Infinity });
    const disallowed = new Error('Wasm code generation disallowed by embedder');
    for (const change of [
      () => undefined,
      refusing('Module', disallowed),
      refusing('Module', new RangeError('out of memory')),
    ])
      for (const options of [{ compileAfter: 0 }, { compileAfter: 10 }, {}])
        withWebAssembly(change, () => assert.deepEqual(run(prepared(counting), options), expected));
  });

  it('stay in the interpreter when there is no memory for them', () => {
    const inner = prepared(counting);
    const outer = prepared('pause(); formats(3);');
    const machine = new TestMachine();
    machine.services.pause = () => {
      withWebAssembly(refusing('Memory', new RangeError('could not allocate memory')), () => {
        // More runs at once than there have been arenas.
        const deeper = (depth: number): void => {
          machine.services.pause = () => (depth > 0 ? deeper(depth - 1) : undefined);
          assert.equal(run(outer, { compileAfter: 0 }, machine).result, 3n);
          assert.equal(run(inner, { compileAfter: 5 }, machine).ok, true);
        };
        deeper(5);
      });
    };
    assert.equal(run(outer, { compileAfter: 0 }, machine).result, 3n);
  });

  it('report our own mistakes', () => {
    withWebAssembly(refusing('Module', new Error('byte 7 is wrong')), () =>
      assert.throws(() => run(prepared(counting), { compileAfter: 0 }), /byte 7 is wrong/),
    );
  });

  it('are never very long', () => {
    const source = 'lx = lx + 1;\n'.repeat(20_000);
    const script = prepared(`lx = 0;\n${source}formats(lx);`);
    assert.equal(
      modulesMade(() => assert.equal(run(script, { compileAfter: 0 }).result, 20_000n)),
      0,
    );
  });

  it('have no jumps that would take long to compile', () => {
    const jumps = (count: number, target: (index: number) => number): PreparedScript => {
      const symbols = Array.from({ length: count }, (_, index) => [
        `6/0/${opcodeValue('FUNC_JNZ').toString(16)}`,
        `3/0/${(target(index) * 3).toString(16)}`,
        '7/0/1',
      ]);
      const { bytes, symbolCount } = bufferOfCode(symbols.flat().join(' '));
      return prepareScript(bytes, symbolCount);
    };
    const wild = [
      jumps(1300, (index) => Math.max(index - 1, 0)),
      jumps(1300, (index) => 1299 - index),
      jumps(1300, (index) => (index * 7919) % 1300),
    ];
    for (const script of wild) {
      const expected = run(script, { compileAfter: Infinity });
      assert.equal(
        modulesMade(() => assert.deepEqual(run(script, { compileAfter: 0 }), expected)),
        0,
      );
    }
    const tame = jumps(1300, () => 0);
    assert.equal(
      modulesMade(() => assert.equal(run(tame, { compileAfter: 0 }).instructions, 1300)),
      1,
    );
  });
});
