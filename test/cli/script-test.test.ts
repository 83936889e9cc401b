import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { runScriptTest } from '../../adapter/cli/script-test/run-script-test';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';

/** The report without what is the same every time. */
async function failuresOf(text: string): Promise<string[]> {
  const { failures } = await runScriptTest('test.hds', text);
  return failures.map(({ line, text: failure }) => `${line}: ${failure}`);
}

describe('script tests', () => {
  for (const name of readdirSync(projectFile('examples')).filter((file) => file.endsWith('.hds'))) {
    it(`pass in ${name}`, async function () {
      const text = readFileSync(projectFile(`examples/${name}`), 'utf8');
      if (/\b(code|condition) *\{/.test(text)) skipWithoutCpu(this);
      const { outcome, failures } = await runScriptTest(name, text);
      assert.deepEqual({ outcome, failures }, { outcome: 'passed', failures: [] });
    });
  }

  it('compare what a script asks of the debugger and the registers', async () => {
    const script = '!cpuid script { event_sc(1); event_disable(1); flush(); @eax = 5; }\n';
    assert.deepEqual(
      await failuresOf(`//@ on: 1\n//@ act: sc=1 disable=1 flush\n//@ reg: rax=5\n//@ hits: 1\n${script}`),
      [],
    );
    assert.deepEqual(await failuresOf(`//@ on: 1\n//@ act: pause\n//@ reg: rax=6\n//@ on: 1\n${script}`), [
      '1: reg: expected rax=6, but it is 5',
      '1: act: expected "pause", but the script asked "sc=1 disable=1 flush"',
    ]);
  });

  it('count a stop once, whoever asks for it', async () => {
    const header = '//@ on: 1\n//@ act: pause\n';
    assert.deepEqual(await failuresOf(`${header}!cpuid script { pause(); }\n`), []);
    assert.deepEqual(await failuresOf(`${header}!cpuid\n`), []);
  });

  it('a disabled event does not occur', async () => {
    const script = '!cpuid script { printf("once\\n"); event_disable(1); }\n';
    assert.deepEqual(
      await failuresOf(`//@ on: 1\n//@ out: once\n//@ on: 1\n//@ none\n//@ hits: 1\n${script}`),
      [],
    );
  });

  it('a run-time error must be expected, and an expected one must come', async () => {
    const script = '!cpuid script { x = @rax; y = 6 / x; printf("%d\\n", y); }\n';
    assert.deepEqual(
      await failuresOf(`//@ on: 1 rax=0\n//@ err: division\n//@ on: 1 rax=2\n//@ out: 3\n${script}`),
      [],
    );
    const [unexpected] = await failuresOf(`//@ on: 1 rax=0\n${script}`);
    assert.match(unexpected!, /^1: unexpected run-time error: .*division/);
    const [missing] = await failuresOf(`//@ on: 1 rax=6\n//@ err: division\n//@ out: 1\n${script}`);
    assert.match(missing!, /^1: err: expected an error with "division", but there was none$/);
  });

  it('compare what is printed at load and by an evaluation in the same session', async () => {
    const script = '? .count = 2;\n? printf("loaded\\n");\n';
    const header = '//@ load: 1\n//@ out: loaded\n//@ eval: printf("%d\\n", .count);\n//@ out: 2\n';
    assert.deepEqual(await failuresOf(header + script), []);
    assert.deepEqual(await failuresOf(`//@ load: 1\n//@ eval: print(\n${script}`), [
      '1: unexpected output "loaded"',
      ...(await failuresOf(`//@ eval: print(\n${script}`)).map((line) => line.replace('1:', '2:')),
    ]);
  });

  it('run conditions and custom code on the CPU, on the memory of the test', async function () {
    skipWithoutCpu(this);
    const text = `//@ mem: 5001000 0700000000000000
//@ on: 1 ctx=1 rdi=5001000
//@ code: ret=9
//@ buffer: 07000000
//@ on: 2 ctx=1
//@ out: one
//@ on: 2 ctx=2
//@ none
//@ hits: 2
!cpuid buffer 10 asm code { mov rax, [rdx+0x38]; mov rax, [rax]; mov [rcx], rax; mov rax, 9 }
!vmcall asm condition { cmp rdx, 1; sete al; movzx rax, al } script { printf("one\\n"); }
`;
    assert.deepEqual(await failuresOf(text), []);
  });

  it('custom code that faults is a run-time error', async function () {
    skipWithoutCpu(this);
    assert.deepEqual(await failuresOf('//@ on: 1\n//@ err: 1234\n!tsc asm code { mov rax, [0x1234] }\n'), []);
  });

  it('filters of the event apply', async () => {
    const script = '!cpuid 1 pid 1c4 core 2 script { printf("hit\\n"); }\n';
    const header =
      '//@ on: 1 ctx=1 pid=1c4 core=2\n//@ out: hit\n//@ on: 1 ctx=2 pid=1c4 core=2\n//@ on: 1 ctx=1 core=2\n' +
      '//@ on: 1 ctx=1 pid=1c4\n//@ hits: 1\n';
    assert.deepEqual(await failuresOf(header + script), []);
  });

  it('a file without a header, an event that is not there and a wrong header are failures', async () => {
    assert.match((await failuresOf('!cpuid\n'))[0]!, /nothing to test/);
    assert.match((await failuresOf('//@ on: 2\n!cpuid\n'))[0]!, /no event 2/);
    assert.match((await failuresOf('//@ onn: 2\n!cpuid\n'))[0]!, /`onn` is no tag/);
    assert.match((await failuresOf('//@ on: 1\n!cpuid script { print(1; }\n'))[0]!, /^2: /);
  });
});
