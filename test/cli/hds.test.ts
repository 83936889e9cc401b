import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectFile } from '../project-root';
import { runHds } from './run-hds';

describe('hds', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'hds-test-'))));
  after(() => rmSync(folder, { recursive: true }));

  const file = (name: string, text: string): string => {
    const full = path.join(folder, name);
    writeFileSync(full, text);
    return full;
  };

  describe('use', () => {
    it('shows help on stdout and ends with 0', async () => {
      const { status, stdout } = await runHds(['--help']);
      assert.equal(status, 0);
      for (const command of [
        'check',
        'compile',
        'eval',
        'test',
        'run',
        'vectors',
        'asm',
        'disasm',
        'dap',
        'lsp',
      ]) {
        assert.match(stdout, new RegExp(`^  ${command}\\b`, 'm'));
      }
    });

    for (const args of [
      [],
      ['frobnicate'],
      ['check'],
      ['check', '--frobnicate', 'x'],
      ['eval', '-', '--max-exec', '0'],
      ['vectors', '--tier', 'fast'],
    ]) {
      it(`ends with 2 and a sentence on stderr: hds ${args.join(' ')}`, async () => {
        const { status, stdout, stderr } = await runHds(args);
        assert.equal(status, 2);
        assert.equal(stdout, '');
        assert.notEqual(stderr.trim(), '');
        assert.doesNotMatch(stderr, /^\s+at /m);
      });
    }

    for (const command of ['check', 'compile', 'eval', 'test']) {
      it(`${command} says that a file is missing, and that a folder is no file`, async () => {
        const missing = await runHds([command, path.join(folder, 'nowhere.hds')]);
        assert.equal(missing.status, 2);
        assert.match(missing.stderr, /nowhere\.hds: there is no such file/);
        const directory = await runHds([command, folder]);
        assert.equal(directory.status, 2);
        assert.match(directory.stderr, /this is a folder/);
      });
    }

    it('run needs a guest program', async () => {
      const { status, stderr } = await runHds(['run', file('a.hds', '')]);
      assert.equal(status, 2);
      assert.match(stderr, /--guest PROGRAM/);
    });
  });

  describe('check', () => {
    it('finds nothing in the examples and ends with 0', async () => {
      const { status, stdout, stderr } = await runHds([
        'check',
        projectFile('examples/v02-syscalls-of-one-process.hds'),
      ]);
      assert.equal(stderr, '');
      assert.equal(stdout, '1 file checked, no problems\n');
      assert.equal(status, 0);
    });

    it('shows place, message and code on stderr and ends with 1', async () => {
      const script = file('bad.hds', '// fine\n!cpuid script {\n  print(1;\n}\n');
      const { status, stdout, stderr } = await runHds(['check', script]);
      assert.equal(status, 1);
      assert.match(stdout, /^1 file checked: \d+ errors?\n$/);
      assert.match(stderr, /bad\.hds:3:\d+: error: .+ \[[a-z-]+\]/);
    });

    it('--json has zero-based ranges', async () => {
      const script = file('bad2.hds', '!cpuid script {\n  print(1;\n}\n');
      const { status, stdout, stderr } = await runHds(['check', script, '--json']);
      assert.equal(status, 1);
      assert.equal(stderr, '');
      const [report] = JSON.parse(stdout);
      assert.equal(report.file, script);
      assert.equal(report.diagnostics[0].severity, 'error');
      assert.equal(report.diagnostics[0].range.start.line, 1);
    });

    it('accepts an empty file', async () => {
      const { status } = await runHds(['check', file('empty.hds', '')]);
      assert.equal(status, 0);
    });
  });

  describe('eval', () => {
    it('prints one JSON object', async () => {
      const { status, stdout } = await runHds(
        ['eval', '-', '--regs', '{"rcx":"0x10"}'],
        'printf("%x\\n", @rcx); @rax = @rcx + 1; test_statement(@rax);',
      );
      assert.deepEqual(JSON.parse(stdout), {
        ok: true,
        output: '10\n',
        result: '0x11',
        regs: { rax: '0x11' },
      });
      assert.equal(status, 0);
    });

    it('an empty script does nothing', async () => {
      const { status, stdout } = await runHds(['eval', '-'], '');
      assert.deepEqual(JSON.parse(stdout), { ok: true, output: '', result: '0x0', regs: {} });
      assert.equal(status, 0);
    });

    it('a script that fails ends with 1 and the error in the object', async () => {
      const { status, stdout } = await runHds(['eval', '-'], 'x = 1; y = x / (x - 1);');
      const answer = JSON.parse(stdout);
      assert.equal(answer.ok, false);
      assert.notEqual(answer.error, '');
      assert.equal(status, 1);
    });

    it('an endless loop ends at the limit of instructions', async () => {
      const { status, stdout } = await runHds(
        ['eval', '-', '--max-exec', '1000'],
        'x = 0; while (x < 1) { y = 1; }',
      );
      assert.equal(JSON.parse(stdout).ok, false);
      assert.equal(status, 1);
    });

    it('knows the symbols that it is told', async () => {
      const { stdout } = await runHds(['eval', '-', '--sym', 'nt!Foo=401000'], 'test_statement(nt!Foo + 1);');
      assert.equal(JSON.parse(stdout).result, '0x401001');
    });
  });

  describe('compile', () => {
    it('makes nothing of a script whose arguments are missing', async () => {
      const script = file('argument.hds', '!cpuid script { x = $arg1; }\n? y = 1;\n');
      const { status, stdout, stderr } = await runHds(['compile', script, '--json']);
      assert.equal(status, 1);
      assert.match(stderr, /`\$arg1` has no value/);
      assert.deepEqual(
        JSON.parse(stdout).map(({ command }: { command: string }) => command),
        ['?'],
      );
      const given = await runHds(['compile', script, '--json', '--arg', '10']);
      assert.equal(given.status, 0);
      assert.equal(JSON.parse(given.stdout).length, 2);
    });

    it('lists the symbol buffers of a file', async () => {
      const script = file('two.hds', '? x = 1;\n\n!cpuid script { print(1); }\n!tsc code { 90 }\n');
      const { status, stdout } = await runHds(['compile', script, '--json']);
      assert.equal(status, 0);
      const buffers = JSON.parse(stdout);
      assert.deepEqual(
        buffers.map(({ command, line }: { command: string; line: number }) => [command, line]),
        [
          ['?', 1],
          ['!cpuid', 3],
        ],
      );
      for (const { pointer, sizeBytes, hex } of buffers) {
        assert.equal(sizeBytes, pointer * 24);
        assert.equal(hex.length, sizeBytes * 2);
      }
    });
  });

  describe('vectors', () => {
    it('answers every line, in order, whatever it holds', async () => {
      const lines = [
        '{"id":"a","source":"@rax = 1;","want":["parse"]}',
        'not JSON',
        '{"id":"b"}',
        '{"source":"x = ;"}',
      ];
      const { status, stdout } = await runHds(['vectors'], lines.join('\n'));
      const answers = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.equal(answers.length, 4);
      assert.equal(answers[0].parse.ok, true);
      for (const answer of answers.slice(1)) assert.equal(answer.parse.ok, false);
      assert.equal(status, 0);
    });

    for (const tier of ['interpreter', 'webassembly', 'both']) {
      it(`answers with --tier ${tier}`, async () => {
        const request = '{"source":"x = 3; printf(\\"%d\\", x + 4);","want":["parse","eval"]}';
        const { status, stdout } = await runHds(['vectors', '--tier', tier], request);
        assert.equal(status, 0);
        assert.equal(JSON.parse(stdout).eval.output, '7');
      });
    }

    it('does nothing for empty input', async () => {
      assert.deepEqual(await runHds(['vectors']), { status: 0, stdout: '', stderr: '' });
    });
  });

  describe('asm and disasm', () => {
    it('are each other’s inverse', async () => {
      const assembled = await runHds(['asm'], 'inc qword ptr [rcx]\nmov rax, rcx; ret\n');
      assert.deepEqual([assembled.status, assembled.stdout], [0, '48ff014889c8c3\n']);
      const { status, stdout } = await runHds(['disasm', '--address', '401000'], assembled.stdout);
      assert.equal(status, 0);
      assert.match(stdout, /^0000000000401000 {2}48ff01 +inc/m);
      assert.match(stdout, /^0000000000401006 {2}c3 +ret/m);
    });

    it('say what is wrong', async () => {
      const assembled = await runHds(['asm'], 'frobnicate rax');
      assert.equal(assembled.status, 1);
      assert.notEqual(assembled.stderr, '');
      const disassembled = await runHds(['disasm'], '4');
      assert.equal(disassembled.status, 1);
      assert.match(disassembled.stderr, /two hexadecimal digits/);
    });
  });

  describe('test', () => {
    it('says which expectation fails, and where', async () => {
      const script = file(
        'fails.hds',
        '//@ id: fails\n//@ on: 1 ctx=1\n//@ out: two\n//@ hits: 2\n!cpuid script { printf("one\\n"); }\n',
      );
      const { status, stdout } = await runHds(['test', script]);
      assert.equal(status, 1);
      assert.match(stdout, /fails\.hds:3: .*two/);
      assert.match(stdout, /fails\.hds:4: .*2.*1/);
      assert.match(stdout, /^0 passed, 1 failed\n$/m);
    });

    it('--json is one JSON value', async () => {
      const { stdout } = await runHds([
        'test',
        '--json',
        projectFile('examples/v04-cpuid-hide-hypervisor-bit.hds'),
      ]);
      assert.deepEqual(JSON.parse(stdout), [
        {
          file: projectFile('examples/v04-cpuid-hide-hypervisor-bit.hds'),
          id: 'v04',
          outcome: 'passed',
          failures: [],
        },
      ]);
    });
  });

  it('a reader that goes away ends it quietly', async () => {
    const child = spawn(process.execPath, [projectFile('dist/hds.js'), 'vectors']);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.destroy();
    child.stdin.on('error', () => {});
    child.stdin.end('{"source":"@rax = 1;"}\n'.repeat(2000));
    const [status] = (await once(child, 'close')) as [number];
    assert.deepEqual([status, stderr], [0, '']);
  });
});
