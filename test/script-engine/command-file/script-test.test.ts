import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { hasScriptTest, readScriptTest } from '../../../script-engine/command-file/script-test';
import { projectFile } from '../../project-root';

const header = `//@ id: demo
//@ args: 10 main!f
//@ pname: notes.exe
//@ sym: main!f=401000
//@ mem: 5000 0102 03
//@ load: 1
//@ out: ready
//@ on: 1 ctx=55 rax=1 stage=1 core=2 pid=4 tid=8 rip=401000
//@ out: a: b
//@ out:  indented
//@ reg: rax=2 rip=401002
//@ act: pause sc=1 sc=0 enable=3
//@ on: 2 acc=w ctx=5000
//@ none
//@ eval: print(1);
//@ err: division by zero
//@ on: 3
//@ code: ret=buffer
//@ buffer: 0300
//@ hits: 12
//@ user: what people see
`;

describe('script tests', () => {
  it('are read as steps in order', () => {
    const test = readScriptTest(header);
    assert.deepEqual(test.diagnostics, []);
    assert.deepEqual(
      [test.id, test.args, test.processName, [...test.symbols], test.hits],
      ['demo', ['10', 'main!f'], 'notes.exe', [['main!f', 0x401000n]], 12],
    );
    assert.deepEqual(
      test.steps.map(({ kind }) => kind),
      ['memory', 'load', 'occurrence', 'occurrence', 'eval', 'occurrence'],
    );
    const [memory, load, first, second, evaluation, third] = test.steps;
    assert.ok(memory?.kind === 'memory' && load?.kind === 'load' && evaluation?.kind === 'eval');
    assert.ok(first?.kind === 'occurrence' && second?.kind === 'occurrence' && third?.kind === 'occurrence');
    assert.deepEqual([memory.address, [...memory.bytes]], [0x5000n, [1, 2, 3]]);
    assert.deepEqual(
      load.expected.output.map(({ text }) => text),
      ['ready'],
    );
    assert.deepEqual(
      [
        first.event,
        first.context,
        first.stage,
        first.core,
        first.processId,
        first.threadId,
        first.rip,
        [...first.registers],
      ],
      [1, 0x55n, 'post', 2, 4, 8, 0x401000n, [['rax', 1n]]],
    );
    assert.deepEqual(
      first.expected.output.map(({ text }) => text),
      ['a: b', ' indented'],
    );
    assert.deepEqual(
      [...first.expected.registers],
      [
        ['rax', 2n],
        ['rip', 0x401002n],
      ],
    );
    assert.deepEqual(first.expected.requests, [
      { kind: 'pause' },
      { kind: 'sc', on: true },
      { kind: 'sc', on: false },
      { kind: 'enable', eventId: 3n },
    ]);
    assert.deepEqual(
      [second.access, second.stage, second.processId, second.expected.output],
      ['w', 'pre', 0x1c0, []],
    );
    assert.deepEqual([evaluation.script, evaluation.expected.error], ['print(1);', 'division by zero']);
    assert.deepEqual([third.expected.codeResult, [...(third.expected.buffer ?? [])]], ['buffer', [3, 0]]);
  });

  it('say what is wrong in them', () => {
    const found = (text: string): readonly string[] =>
      readScriptTest(text).diagnostics.map(({ message }) => message);
    assert.match(found('//@ ouut: x')[0] ?? '', /Did you mean `out`\?/);
    assert.match(found('//@ out: x')[0] ?? '', /stands behind an `on`, `load` or `eval` line/);
    assert.match(found('//@ on: x')[0] ?? '', /number of an event/);
    assert.match(found('//@ on: 1 rax')[0] ?? '', /name=value/);
    assert.match(found('//@ on: 1 foo=1')[0] ?? '', /no register `foo`/);
    assert.match(found('//@ on: 1\n//@ act: jump')[0] ?? '', /none of pause/);
    assert.match(found('//@ mem: 5000 123')[0] ?? '', /pairs of hex digits/);
    assert.match(found('//@ hits: a')[0] ?? '', /decimal/);
  });

  it('stand in all examples without a fault', () => {
    const folder = projectFile('examples');
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.hds'))) {
      const text = readFileSync(`${folder}/${name}`, 'utf8');
      assert.ok(hasScriptTest(text), name);
      assert.deepEqual(readScriptTest(text).diagnostics, [], name);
    }
    assert.equal(hasScriptTest('? print(1); // no //@ here'), false);
  });
});
