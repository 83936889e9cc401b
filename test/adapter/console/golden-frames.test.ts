import assert from 'node:assert/strict';
import { ConsoleSession } from '../../../adapter/console/console-session';
import { SymbolTable } from '../../../adapter/symbols/symbol-table';
import { connectKdClient } from '../../../driver/kd/kd-debuggee';
import { recordedFiles, type RecordedCommand } from './recorded-commands';
import { ReplayingDebuggee } from './replaying-debuggee';

const [connect, breakKey] = recordedFiles.find(({ name }) => name === 'control')!.commands;

/** A session in front of a debuggee that has answered the recorded connect. */
class Recorded {
  readonly debuggee = new ReplayingDebuggee();
  readonly said: string[] = [];
  readonly printed: string[] = [];
  readonly session = new ConsoleSession({
    io: {
      print: (text) => this.printed.push(text),
      write: (text) => this.printed.push(text),
      say: (text) => this.said.push(text),
      progress: () => undefined,
    },
    readFile: () => undefined,
    connect: async () => ({
      client: await connectKdClient(this.debuggee, { requestTimeoutMs: 2000 }),
      symbols: new SymbolTable(),
      mode: 'exact',
      dispose: async () => undefined,
    }),
  });

  async connect(recording: RecordedCommand, pauses = false): Promise<void> {
    const connected = this.session.connect('pipe:x', pauses);
    this.debuggee.expect(recording);
    await connected;
  }

  /** Types one command; presses the break key where the recording has it. */
  async type(recording: RecordedCommand): Promise<void> {
    this.said.length = 0;
    this.printed.length = 0;
    this.debuggee.expect(recording);
    const { command } = recording;
    const done = command === '(Ctrl+C)' ? this.#break() : this.session.run(command).then(() => this.#break());
    await done;
  }

  async #break(): Promise<void> {
    if (!this.debuggee.wantsBreak) return;
    this.session.interrupt();
    while (this.debuggee.problems.length > 0 && !this.debuggee.problems[0]?.startsWith('not'))
      await this.debuggee.changed();
    // The stop is on its way: the next turn has it.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Commands that send nothing because the original answers them itself; all others that send nothing are refused. */
const ANSWERED_HERE = new Set([
  '~',
  '~ 0',
  'settings autounpause on',
  'settings syntax intel',
  'output create o1 file o1.txt',
  'output close o1',
  '.help g',
  '.sympath',
]);

describe('hds console against the recorded frames of the original client', () => {
  let count = 0;
  for (const { name, commands } of recordedFiles.filter((file) => file.name !== 'handshake')) {
    describe(name, () => {
      const recorded = new Recorded();
      before(async () => {
        await recorded.connect(connect!);
        if (name !== 'control') await recorded.type(breakKey!);
      });
      for (const recording of name === 'control' ? commands.slice(1) : commands) {
        count++;
        it(recording.command.replaceAll('\n', ' '), async () => {
          await recorded.type(recording);
          recorded.debuggee.assertPlayed(recording.command);
          const isRefused = recording.frames.length === 0 && !ANSWERED_HERE.has(recording.command);
          if (isRefused) assert.match(recorded.said.join('\n'), /\w.*\.$/s, 'refused without a reason');
        });
      }
    });
  }

  for (const recording of recordedFiles.find(({ name }) => name === 'handshake')!.commands) {
    count++;
    it(`handshake: ${recording.command}`, async () => {
      const recorded = new Recorded();
      await recorded.connect(recording, recording.command.endsWith('pause'));
      if (!recording.command.endsWith('pause')) recorded.session.interrupt();
      while (recorded.debuggee.problems.length > 0) await recorded.debuggee.changed();
    });
  }

  it('that is all of the recording but the connects that begin it', () => {
    assert.equal(count, 177 - 1);
  });
});
