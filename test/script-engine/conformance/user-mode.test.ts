import assert from 'node:assert/strict';
import { evaluateInUserMode } from '../../../script-engine/conformance/user-mode';

describe('evaluation in user mode', () => {
  it('answers with output, result and changed registers', () => {
    assert.deepEqual(
      evaluateInUserMode('@rbx = @rax + 1; printf("%d\\n", @rax); formats(@rbx * 2);', {
        regs: { rax: '0x10' },
      }),
      {
        ok: true,
        output: '16\n',
        result: '0x22',
        regs: { rbx: '0x11' },
      },
    );
  });

  it('knows the memory map and symbols', () => {
    assert.equal(
      evaluateInUserMode('printf("%s %s", 10001000, $pname);').output,
      'Hello, HyperDbg! hyperdbg-cli.exe',
    );
    assert.equal(
      evaluateInUserMode('print(nt!Foo);', { symbols: new Map([['nt!Foo', 0x1234n]]) }).output,
      '1234\n',
    );
  });

  it('takes line ends of Windows', () => {
    assert.equal(evaluateInUserMode('x = 1;\r\nprint(x);\r\n').output, '1\n');
  });

  it('goes on behind functions that upstream loses its place at', () => {
    assert.equal(
      evaluateInUserMode('event_sc(1); print(6);').output,
      "err, it's not possible to short-circuit events in user-mode\n6\n",
    );
    assert.equal(evaluateInUserMode('@rsp = 1122334455667788; @spl = 1;').regs['rsp'], '0x1122334455667701');
  });

  it('ends with an error for bad scripts, registers, addresses and endless loops', () => {
    assert.match(evaluateInUserMode('print(').error ?? '', /^line 1, column /);
    assert.match(evaluateInUserMode('print(1);', { regs: { xmm0: '1' } }).error ?? '', /no register xmm0/);
    assert.match(evaluateInUserMode('print(1);', { regs: { rax: 'zz' } }).error ?? '', /value of rax/);
    assert.deepEqual(evaluateInUserMode('print(poi(0));'), {
      ok: false,
      output: '',
      result: '0x0',
      regs: {},
      error: 'err, ScriptEngineExecute, function = FUNC_POI',
    });
    assert.match(
      evaluateInUserMode('while (1 == 1) { x = 1; }', { maxInstructions: 1000 }).error ?? '',
      /max execution count/,
    );
  });
});
