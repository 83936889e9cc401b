import assert from 'node:assert/strict';
import { registerByName } from '../../../script-engine/catalog/registers';
import { run } from './test-machine';

const output = (source: string, setUp?: Parameters<typeof run>[1]): string =>
  run(source, setUp).machine.output;

function error(source: string): string {
  const { outcome } = run(source);
  assert.equal(outcome.ok, false, source);
  return `${outcome.error?.text}: ${outcome.error?.detail}`;
}

describe('scripts in the kernel', () => {
  it('read and write memory', () => {
    assert.equal(
      output(
        'eq(5000, 1122334455667788); print(poi(5000)); print(dd(5000)); print(dw(5002)); print(db(5007));',
      ),
      ['1122334455667788', '55667788', '5566', '11', ''].join('\n'),
    );
    assert.equal(
      output('ed(5000, 1); eb(5001, 2); print(dq(5000)); print(hi(5000)); print(low(5000));'),
      '201\n0\n201\n',
    );
  });

  it('fail on bad addresses and say which', () => {
    assert.equal(
      error('print(1); print(poi(10));'),
      'err, ScriptEngineExecute, function = FUNC_POI: the 8 bytes at 0x10 cannot be read',
    );
    assert.match(
      error('interlocked_increment(10);'),
      /INTERLOCKED_INCREMENT: the 8 bytes at 0x10 cannot be read/,
    );
    assert.match(error('memcpy(5000, 10, 8);'), /FUNC_MEMCPY/);
    assert.match(error('printf("%s", 10);'), /FUNC_PRINTF: there is no readable string at 0x10/);
    assert.match(error('spinlock_lock(10);'), /FUNC_SPINLOCK_LOCK/);
    assert.equal(output('print(eb(10, 1)); print(eq(10, 1));'), '0\n0\n');
    assert.equal(output('print(check_address(5fff)); print(check_address(6000));'), '1\n0\n');
  });

  it('shift by at most 63 and compare with their sign, from variable to variable', () => {
    for (const shift of ['<<', '>>'])
      for (const type of ['long', 'unsigned long']) {
        const shifted = (by: string): string =>
          `${type} one = 1; ${type} by = ${by}; print(one ${shift} by);`;
        assert.equal(output(shifted('3f')), shift === '<<' ? '8000000000000000\n' : '0\n');
        for (const far of ['40', '41', '-1'])
          assert.match(error(shifted(far)), /SHIFT_.*: a shift by -?[0-9]+ bits of a 64-bit value/);
      }
    const compared = (type: string): string =>
      output(`${type} one = -1; ${type} other = 1; if (one < other) { print(1); } else { print(2); }`);
    assert.deepEqual([compared('long'), compared('unsigned long')], ['1\n', '2\n']);
    assert.equal(output('long one = -8; long by = 1; print(one >> by);'), 'fffffffffffffffc\n');
  });

  it('keep what was done before the failure', () => {
    const { machine, outcome } = run('@rax = 5; print(1); x = poi(10); print(2);');
    assert.equal(machine.output, '1\n');
    assert.equal(machine.generalRegisters[0], 5n);
    assert.equal(outcome.result, undefined);
  });

  it('reach physical memory', () => {
    assert.equal(
      output(
        'eq_pa(1000, 12345678); print(dq(5000)); print(hi_pa(1000)); print(low_pa(1000)); print(dw_pa(1000));',
      ),
      '12345678\n1234\n5678\n5678\n',
    );
    assert.equal(
      output(
        'print(virtual_to_physical(5010)); print(physical_to_virtual(1010)); print(virtual_to_physical(10));',
      ),
      '1010\n5010\n0\n',
    );
    assert.match(error('print(poi_pa(9000));'), /FUNC_POI_PA: the 8 bytes at physical 0x9000/);
    assert.equal(
      output('print(eb_pa(9000, 1)); eq(5000, 4142); memcpy_pa(1010, 1000, 8); print(dq(5010));'),
      '0\n4142\n',
    );
  });

  it('have addresses for locals and globals', () => {
    assert.equal(
      output('x = 5; eq(&x, 7); print(x); .g = 1; interlocked_increment(&.g); print(.g); print(poi(&x));'),
      '7\n2\n7\n',
    );
    assert.equal(output('x = 1; y = 2; memcpy(&x, &y, 8); print(x);'), '2\n');
  });

  it('merge parts of registers', () => {
    const { machine } = run(
      '@rax = 1122334455667788; @eax = 1; @ah = ff; @rsp = 1122334455667788; @spl = 0;',
    );
    assert.equal(machine.generalRegisters[0], 0x112233440000ff01n);
    assert.equal(machine.generalRegisters[4], 0x1122334455667700n);
  });

  it('reach flags through the whole register', () => {
    const rflags = registerByName('rflags')?.id ?? 0;
    const { machine } = run(
      '@zf = 1; @cf = 2; @iopl = 3; print(@zf); print(@iopl); print(@eflags);',
      (fresh) => {
        fresh.otherRegisters.set(rflags, 0x202n);
      },
    );
    assert.equal(machine.output, '1\n3\n3242\n');
    assert.equal(machine.otherRegisters.get(rflags), 0x3242n);
  });

  it('ask the debugger', () => {
    const { machine, outcome } = run(
      'event_enable(1); event_disable(2); event_clear(3); event_sc(1); pause(); flush(); event_inject(3, 0d); event_inject_error_code(3, 0e, 4); print(1);',
    );
    assert.deepEqual(machine.requests, [
      'enable 1',
      'disable 2',
      'clear 3',
      'sc true',
      'pause',
      'flush',
      'inject 13 undefined',
      'inject 14 4',
    ]);
    assert.equal(machine.output, '1\n');
    assert.equal(outcome.ok, true);
    assert.match(error('event_inject(9, 3);'), /FUNC_EVENT_INJECT: .*types are below 8/);
    assert.match(error('event_trace_step();'), /this machine has no event_trace_step/);
    assert.match(error('x = lbr_save();'), /this machine has no lbr_save/);
  });

  it('take locks that are free', () => {
    assert.equal(
      output(
        '.l = 0; spinlock_lock(&.l); print(.l); spinlock_unlock(&.l); spinlock_lock_custom_wait(&.l, 5); print(.l);',
      ),
      '1\n1\n',
    );
    assert.match(error('.l = 1; spinlock_lock(&.l);'), /already taken/);
  });

  it('compare strings, with 2 for bad addresses', () => {
    const text = (machine: { memory: { bytes: Uint8Array } }): void => {
      machine.memory.bytes.set(Buffer.from('abc\0'), 0);
      machine.memory.bytes.set(Buffer.from('zz'), 0xffe);
    };
    assert.equal(
      output(
        'print(strlen(5000)); print(strcmp(5000, "abc")); print(strcmp(5000, "abd")); print(strncmp(5000, "abX", 2));',
        text,
      ),
      '3\n0\nffffffffffffffff\n0\n',
    );
    assert.equal(
      output(
        'print(strcmp(10, "a")); print(memcmp(5000, 10, 4)); print(strlen(5ffe)); print(strlen(10));',
        text,
      ),
      '2\n2\n0\n0\n',
    );
  });

  it('print wide strings of every length, and text in UTF-8', () => {
    const wide = (length: number) => (machine: { memory: { bytes: Uint8Array } }) =>
      machine.memory.bytes.set(Buffer.from(`${'w'.repeat(length)}\0`, 'utf16le'));
    assert.equal(output('printf("%ws", 5000);', wide(50)), 'w'.repeat(50));
    assert.equal(output('printf("%ws", 5000);', wide(100)), 'w'.repeat(100));
    assert.equal(output('printf("caf\u00e9 %d\\n", 1);'), 'café 1\n');
  });

  it('see pseudo registers and give a result', () => {
    const { machine, outcome } = run('print($context); formats($event_id + 1);');
    assert.equal(machine.output, '10a\n');
    assert.equal(outcome.result, 0x10dn);
  });

  it('tell time that goes on', () => {
    assert.equal(
      output('x = rdtsc(); y = rdtscp(); if (y > x) { print(1); } microsleep(ffffffff); print(2);'),
      '1\n2\n',
    );
  });

  it('end at their limits', () => {
    assert.match(error('while (1 == 1) { x = 1; }'), /exceeding the max execution count/);
    assert.match(error('int walk(int n1) { return walk(n1 + 1); } print(walk(0));'), /stack buffer overflow/);
    assert.equal(run('x = 0; while (x < 10) { x++; }', undefined, { maxInstructions: 5 }).outcome.ok, false);
  });

  it('name the slot that failed', () => {
    const { outcome } = run('x = 1;\ny = poi(10);');
    assert.ok((outcome.error?.slot ?? -1) > 4);
  });
});
