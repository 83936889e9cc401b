import assert from 'node:assert/strict';
import { decideLaunch, type EditorState } from '../../extension/launch-configuration';

const editor = (changes: Partial<EditorState> = {}): EditorState => ({
  isTrusted: true,
  countHits: true,
  activeScript: '/project/script.hds',
  askForProgram: () => Promise.resolve('/bin/guest'),
  ...changes,
});

describe('launch configuration', () => {
  it('F5 on a script without launch.json asks for a guest program', async () => {
    assert.deepEqual(await decideLaunch({}, editor()), {
      kind: 'launch',
      defaults: {
        type: 'hyperdbg',
        request: 'launch',
        name: 'HyperDbg: run this script',
        script: '/project/script.hds',
        args: [],
        scriptArgs: [],
        stopOnEntry: false,
        countHits: true,
        program: '/bin/guest',
      },
    });
  });

  it('keeps what launch.json says', async () => {
    const given = {
      type: 'hyperdbg',
      request: 'launch',
      name: 'mine',
      program: '/bin/true',
      args: ['1'],
      scriptArgs: ['401000'],
      stopOnEntry: true,
      countHits: false,
    };
    assert.deepEqual(await decideLaunch(given, editor()), { kind: 'launch', defaults: {} });
  });

  it('asks for no guest when the script itself is debugged', async () => {
    const given = { type: 'hyperdbg', request: 'launch', name: 'mine', target: 'script' };
    const askForProgram = (): never => assert.fail('it asked');
    assert.deepEqual(await decideLaunch(given, editor({ askForProgram })), {
      kind: 'launch',
      defaults: { script: '/project/script.hds' },
    });
    const own = await decideLaunch({ ...given, script: '/other.hds' }, editor({ askForProgram }));
    assert.deepEqual(own, { kind: 'launch', defaults: {} });
  });

  it('does nothing when the question for a program is dismissed', async () => {
    const decision = await decideLaunch({}, editor({ askForProgram: () => Promise.resolve(undefined) }));
    assert.deepEqual(decision, { kind: 'cancelled' });
  });

  it('never runs anything in an untrusted workspace', async () => {
    let asked = false;
    const decision = await decideLaunch(
      { type: 'hyperdbg', request: 'launch', name: 'mine' },
      editor({
        isTrusted: false,
        askForProgram: () => {
          asked = true;
          return Promise.resolve('/bin/guest');
        },
      }),
    );
    assert.equal(decision.kind, 'refused');
    assert.match(decision.kind === 'refused' ? decision.reason : '', /not trusted/);
    assert.equal(asked, false);
  });

  it('says what to do when no script is open', async () => {
    const decision = await decideLaunch({}, editor({ activeScript: undefined }));
    assert.match(decision.kind === 'refused' ? decision.reason : '', /open a \.hds script/);
  });

  it('refuses a request that the adapter does not know', async () => {
    const decision = await decideLaunch({ type: 'hyperdbg', request: 'restart', name: 'x' }, editor());
    assert.match(decision.kind === 'refused' ? decision.reason : '', /"restart" is not known/);
  });

  it('attaches without a question', async () => {
    const given = { type: 'hyperdbg', request: 'attach', name: 'x', connection: 'tcp:127.0.0.1:50000' };
    assert.deepEqual(await decideLaunch(given, editor()), { kind: 'launch', defaults: {} });
  });
});
