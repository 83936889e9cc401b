import assert from 'node:assert/strict';
import { compileScript, type CompileResult } from '../../../script-engine/compiler/compile';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { runScript } from '../../../script-engine/evaluator/interpreter';
import { prepareScript } from '../../../script-engine/evaluator/prepare';
import { ScriptSession } from '../../../script-engine/evaluator/session';
import { TestMachine } from '../evaluator/test-machine';
import { readVectors, vectorCategories } from './vector-file';

type Mode = 'exact' | 'safe';

function compile(source: string, mode: Mode): CompileResult {
  return compileScript(source, { globals: new GlobalTable(), mode });
}

/** What a script prints and asks for; `upstreamFaults` runs it as HyperDbg 0.23 does. */
function effects(source: string, mode: Mode, upstreamFaults: boolean): string {
  const { script, diagnostics } = compile(source, mode);
  assert.ok(script, `${source}: ${JSON.stringify(diagnostics)}`);
  const machine = new TestMachine();
  const prepared = prepareScript(script.bytes, script.symbolCount);
  const outcome = runScript(prepared, machine, new ScriptSession(), { upstreamFaults });
  return [machine.output.trim(), ...machine.requests, ...(outcome.ok ? [] : ['failed'])].join('\n');
}

describe('safe mode', () => {
  const repaired: readonly (readonly [title: string, source: string, want: string])[] = [
    ['event_sc', 'event_sc(1); print(1); print(2);', '1\n2\nsc true'],
    ['event_inject_error_code', 'event_inject_error_code(3, e, 0); print(1);', '1\ninject 14 0'],
    ['hi_pa', 'eq_pa(1000, 12345678); print(hi_pa(1000)); print(2);', '1234\n2'],
    ['low_pa', 'eq_pa(1000, 12345678); x = low_pa(1000); print(x);', '5678'],
    ['an assignment to an element', 'int arr[2] = {1, 2}; arr[1] = 5; print(arr[0]); print(arr[1]);', '1\n5'],
    ['a compound one', 'int arr[2] = {1, 2}; arr[1] += 5; print(arr[0]); print(arr[1]);', '1\n7'],
    ['an increment of an element', 'int arr[2] = {1, 2}; arr[1]++; print(arr[0]); print(arr[1]);', '1\n3'],
    [
      'an increment of a member',
      'struct P { int mx; int my; }; struct P pt = {1, 2}; pt.my--; print(pt.my);',
      '1',
    ],
    ['an array of short', 'short arr[3] = {1, 2, 3}; print(arr[0]); print(arr[2]);', '1\n3'],
    ['an array of float', 'float arr[2] = {1.5, 2.5}; printf("%f", arr[1]);', '2.500000'],
    ['a compound assignment of floats', 'double half = 0.5; half += 1.0; printf("%f", half);', '1.500000'],
    [
      'the address of a member',
      'struct P { int mx; int my; }; struct P pt = {1, 2}; int *p = &pt.my; x = ed(p, 7); print(pt.my);',
      '7',
    ],
    [
      'the address of an element',
      'int arr[3] = {1, 2, 3}; x = ed(reference(arr[1]), 9); print(arr[1]); print(arr[2]);',
      '9\n3',
    ],
    ['a text in an array', 'char text[3] = {41, 42, 0}; printf("%s!", text);', 'AB!'],
    [
      'a struct in a function',
      'struct P { int mx; int my; };\n' +
        'int sum(int value1) { struct P pt = {3, 4}; long one = 1; return pt.mx + pt.my + one; }\n' +
        'x = sum(1); print(x);',
      '8',
    ],
  ];
  for (const [title, source, want] of repaired) {
    it(`repairs ${title}, for HyperDbg 0.23 and for an evaluator without its faults`, () => {
      assert.equal(effects(source, 'safe', true), want);
      assert.equal(effects(source, 'safe', false), want);
    });
  }

  it('tells where it avoided a fault', () => {
    const { diagnostics } = compile('event_sc(1); print(1);', 'safe');
    assert.deepEqual(
      diagnostics.map(({ code, severity }) => `${severity} ${code}`),
      ['information fault-avoided'],
    );
  });

  it('does not run out of temporaries', () => {
    const source = 'x = 1;\n' + 'print(x + 1);\n'.repeat(200);
    assert.equal(compile(source, 'exact').script, undefined);
    assert.equal(effects(source, 'safe', true), '2\n'.repeat(200).trim());
  });

  it('refuses what has no safe bytes', () => {
    const codes = compile('int arr[2] = {1, 2}; printf("%d", arr);', 'safe').diagnostics.map(
      ({ code }) => code,
    );
    assert.deepEqual(codes, ['printf-aggregate']);
    assert.equal(compile('int arr[2] = {1, 2}; printf("%d", arr);', 'safe').script, undefined);
  });

  it('compiles every golden script that runs to the same effects', () => {
    let compared = 0;
    for (const vector of vectorCategories.flatMap(readVectors)) {
      if (!vector.parse.ok || vector.upstreamUB === true || vector.syms || vector.files || vector.hwdbg)
        continue;
      const safe = compile(vector.source, 'safe');
      const exact = compile(vector.source, 'exact');
      if (safe.script === undefined || exact.script === undefined || vector.prev !== undefined) continue;
      if (safe.diagnostics.some(({ code }) => code === 'fault-avoided')) continue;
      const want = effects(vector.source, 'exact', false);
      if (want.endsWith('failed')) continue;
      assert.equal(effects(vector.source, 'safe', false), want, vector.id);
      compared++;
    }
    assert.ok(compared > 300, `${compared} compared`);
  });
});

describe('limits', () => {
  const codes = (source: string, mode: Mode = 'exact'): string[] =>
    compile(source, mode).diagnostics.map(({ code }) => code);

  it('warns before the temporaries of a function are used up', () => {
    assert.deepEqual(codes('x = 1;\n' + 'print(x + 1);\n'.repeat(111)), []);
    assert.deepEqual(codes('x = 1;\n' + 'print(x + 1);\n'.repeat(112)), ['many-temporaries']);
    assert.deepEqual(codes('x = 1;\n' + 'print(x + 1);\n'.repeat(129)), [
      'many-temporaries',
      'too-many-temporaries',
    ]);
  });

  it('warns when the variables do not fit into the stack', () => {
    const locals = (count: number): string =>
      Array.from({ length: count }, (_, index) => `local${index} = 1;`).join('\n');
    assert.deepEqual(codes(locals(254)), []);
    assert.deepEqual(codes(locals(255)), ['stack-overflow']);
    assert.ok(effects(locals(255), 'exact', false).endsWith('failed'));
    assert.deepEqual(codes('long big[0n300] = {1};'), ['many-temporaries', 'stack-overflow'].slice(1));
    assert.deepEqual(codes(`int first() { ${locals(200)} return 1; }\n${locals(60)}`), ['stack-overflow']);
  });

  it('warns about a format that no printf can print', () => {
    assert.deepEqual(codes(`printf("${'a'.repeat(4094)}");`), []);
    assert.deepEqual(codes(`printf("${'a'.repeat(4095)}");`), ['printf-too-long']);
    assert.ok(effects(`printf("${'a'.repeat(4095)}");`, 'exact', false).endsWith('failed'));
  });
});
