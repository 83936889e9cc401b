import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { projectFile } from '../project-root';
import { skipBecause, skipWithoutCpu } from '../skip';
import { GUEST_REGISTERS } from './main-job';

/** One line of what nvim-dap.lua saw. */
type Sight =
  | { readonly kind: 'output'; readonly category?: string; readonly output: string; readonly line?: number }
  | ({ readonly kind: 'stopped' } & StopSight)
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'terminated' }
  | { readonly kind: 'notice'; readonly text: string; readonly isComplaint: boolean }
  | { readonly kind: 'missing'; readonly text: string }
  | { readonly kind: 'problem'; readonly text: string };

interface StopSight {
  readonly event: DebugProtocol.StoppedEvent['body'];
  readonly threads: readonly DebugProtocol.Thread[];
  readonly frames: readonly DebugProtocol.StackFrame[];
  readonly registers: readonly DebugProtocol.Variable[];
  readonly instructions: readonly DebugProtocol.DisassembledInstruction[];
}

interface NvimRun {
  readonly sights: readonly Sight[];
  readonly status: number | null;
  /** What nvim wrote to stderr. */
  readonly errorText: string;
  /** The log of nvim-dap, which has what the adapter wrote to stderr. */
  readonly log: string;
}

/** The oldest that this was tried with; the Lua needs vim.json, which is of 0.6. */
const OLDEST_NVIM = [0, 7] as const;
const SESSION_LIMIT_MS = 40_000;
const PROCESS_LIMIT_MS = 50_000;
const TEST_LIMIT_MS = 60_000;

describe('the main job, driven by nvim-dap', () => {
  let run: NvimRun;

  before(async function () {
    this.timeout(TEST_LIMIT_MS);
    skipWithoutCpu(this);
    const obstacle = obstacleOfNvim();
    if (obstacle !== undefined) skipBecause(this, obstacle);
    run = await runNvim();
    const [missing] = only(run.sights, 'missing');
    if (missing !== undefined) skipBecause(this, missing.text);
    if (run.sights.at(-1)?.kind !== 'terminated') assert.fail(accountOf(run));
  });

  it('runs from launch to end without a complaint of the editor or the adapter', () => {
    const complaints = only(run.sights, 'notice').filter(({ isComplaint }) => isComplaint);
    assert.deepEqual(complaints, []);
    assert.doesNotMatch(run.log, /\[ ?ERROR ?\]/);
    assert.equal(run.status, 0, run.errorText);
  });

  it('shows the armed events with their tags', () => {
    const tags = outputOf('console').match(/0x100000[0-9a-f]/g) ?? [];
    assert.deepEqual(tags, ['0x1000000', '0x1000001', '0x1000002']);
  });

  it('shows what the script prints, with values of the guest and the line', () => {
    const printed = only(run.sights, 'output').filter(({ output }) => output.startsWith('checksum of'));
    assert.equal(printed.length, 1);
    assert.match(
      printed[0]!.output,
      /^checksum of GUEST-0000 \(10 characters\), called from 40[0-9a-f]+\s*$/,
    );
    assert.equal(typeof printed[0]!.line, 'number');
  });

  it('stops once, with reason, thread, place and registers', () => {
    const stops = only(run.sights, 'stopped');
    assert.equal(stops.length, 1);
    const { event, threads, frames, registers } = stops[0]!;
    assert.equal(event.reason, 'event');
    assert.match(event.description ?? '', /!epthook licence!verify/);
    const thread = threads.find(({ id }) => id === event.threadId);
    assert.match(thread?.name ?? '', /^Core 0 .*process \d+, thread \d+/);
    assert.match(frames[0]!.name, /verify/);
    assert.match(frames[1]!.name, /main/);
    const values = new Map(registers.map(({ name, value }) => [name.toLowerCase(), value]));
    for (const name of GUEST_REGISTERS) assert.match(values.get(name) ?? '', /^0x[0-9a-f]+$/i, name);
    // The sum that examples/guests/licence.c wants a key to have.
    assert.equal(BigInt(values.get('rsi')!), 0x18b8217bn);
    assert.equal(BigInt(values.get('rip')!), instructionPointer(frames[0]!));
  });

  it('shows the instructions around the stop', () => {
    const { instructions, frames } = only(run.sights, 'stopped')[0]!;
    const at = instructions.findIndex(({ address }) => BigInt(address) === instructionPointer(frames[0]!));
    assert.ok(at > 0 && at < instructions.length - 1, JSON.stringify(instructions));
    assert.match(instructions[at]!.instruction, /^cmp\b/);
  });

  it('continues to the changed answer of the guest and its exit code', () => {
    assert.equal(outputOf('stdout'), 'key GUEST-0000\nvalid key\n');
    assert.deepEqual(
      only(run.sights, 'exited').map(({ exitCode }) => exitCode),
      [0],
    );
  });

  function outputOf(category: string): string {
    const events = only(run.sights, 'output').filter((event) => (event.category ?? 'console') === category);
    return events.map(({ output }) => output).join('');
  }
});

function only<Kind extends Sight['kind']>(
  sights: readonly Sight[],
  kind: Kind,
): Extract<Sight, { kind: Kind }>[] {
  return sights.filter((sight): sight is Extract<Sight, { kind: Kind }> => sight.kind === kind);
}

/** What there is to say of a session that did not come to its end. */
function accountOf({ sights, status, errorText, log }: NvimRun): string {
  const said = [...only(sights, 'problem'), ...only(sights, 'notice')].map(({ text }) => text);
  return [`nvim ended with status ${status}`, ...said, errorText, log].join('\n').trimEnd();
}

function instructionPointer(frame: DebugProtocol.StackFrame): bigint {
  assert.ok(frame.instructionPointerReference, `frame ${frame.name} has no address`);
  return BigInt(frame.instructionPointerReference);
}

/** Why the nvim of this machine cannot take part. */
function obstacleOfNvim(): string | undefined {
  const { error, stdout } = spawnSync('nvim', ['--version'], { encoding: 'utf8', timeout: PROCESS_LIMIT_MS });
  if (error !== undefined) return 'nvim is not installed';
  const found = /^NVIM v(\d+)\.(\d+)/m.exec(stdout);
  const [major, minor] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
  if (major > OLDEST_NVIM[0] || minor >= OLDEST_NVIM[1]) return undefined;
  return `nvim ${OLDEST_NVIM.join('.')} or newer is needed, and this one is ${major}.${minor}`;
}

/** Runs the session in an nvim without the user's settings, whose logs go to a folder that is removed. */
async function runNvim(): Promise<NvimRun> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hds-nvim-'));
  let [facts, errorText] = ['', ''];
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      const child = spawn('nvim', nvimArguments(), {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: PROCESS_LIMIT_MS,
        killSignal: 'SIGKILL',
        env: { ...process.env, ...nvimEnvironment(folder) },
      });
      child.stdout.setEncoding('utf8').on('data', (text: string) => (facts += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (errorText += text));
      child.once('error', reject);
      child.once('close', resolve);
    });
    const lines = facts.split('\n').filter((line) => line !== '');
    const sights = lines.map((line) => JSON.parse(line) as Sight);
    return { sights, status, errorText, log: readLog(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readLog(folder: string): string {
  const file = path.join(folder, 'dap.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function nvimArguments(): readonly string[] {
  const start =
    'lua local passed, problem = pcall(dofile, vim.env.HDS_NVIM_DAP_FILE) ' +
    "if not passed then io.stderr:write(problem) vim.cmd('cquit') end";
  return ['--headless', '-u', 'NONE', '-i', 'NONE', '-n', '-c', start];
}

function nvimEnvironment(folder: string): Readonly<Record<string, string>> {
  const plugin = process.env['HDS_NVIM_DAP'];
  const session = {
    command: process.execPath,
    arguments: [projectFile('dist/adapter.js')],
    configuration: {
      type: 'hyperdbg',
      request: 'launch',
      name: 'main job',
      program: projectFile('examples/guests/build/licence'),
      script: projectFile('examples/licence.hds'),
    },
    logFolder: folder,
    limitMs: SESSION_LIMIT_MS,
    ...(plugin === undefined || plugin === '' ? {} : { plugin: path.resolve(plugin) }),
  };
  return {
    HDS_NVIM_DAP_FILE: projectFile('test/session/nvim-dap.lua'),
    HDS_NVIM_DAP_SESSION: JSON.stringify(session),
    NVIM_LOG_FILE: path.join(folder, 'nvim.log'),
  };
}
