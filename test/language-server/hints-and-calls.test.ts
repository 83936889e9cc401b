import assert from 'node:assert/strict';
import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CallHierarchyOutgoingCall,
  InlayHint,
} from 'vscode-languageserver/node';
import { type LspClient, startLspClient, withCursor, withEdits } from './lsp-client';

const CALLS = `!cpuid script {
  int inner(int one) { return one + 1; }
  int outer(int one, int two) { x = inner(one); return inner(x) + two; }
  y = outer(10, 2) + inner(3);
}
!tsc script {
  int inner(int one) { return one; }
  y = inner(1);
}
`;

describe('inlay hints', () => {
  let client: LspClient;
  let count = 0;
  before(async () => (client = await startLspClient({}, { inlayHints: { cost: false } })));
  after(async () => assert.equal(await client.stop(), 0));

  const hintsOf = async (text: string, lines = [0, 99], asked = client): Promise<string[]> => {
    const uri = `file:///hints-${count++}.hds`;
    asked.open(uri, text);
    const hints = await asked.request<InlayHint[]>('textDocument/inlayHint', {
      textDocument: { uri },
      range: { start: { line: lines[0], character: 0 }, end: { line: lines[1], character: 0 } },
    });
    return hints.map(({ label, position }) => `${position.line}:${position.character} ${String(label)}`);
  };

  it('tell the value of numbers that look decimal', async () => {
    assert.deepEqual(await hintsOf('? x = 10 + 0x10 + 0n10 + 5 + ff + 1f + fffff80000000000;\n'), [
      '0:8 = 0n16',
      '0:36 = 0n31',
    ]);
    assert.deepEqual(await hintsOf('!cpuid 10 pid 0x10 script {file:a.ds}\n'), ['0:9 = 0n16']);
  });

  it('tell the names of parameters, of the script’s own functions too', async () => {
    assert.deepEqual(
      await hintsOf('? eq(@rax, 1); memcpy(@rax, @rbx, 8); print(1); printf("%d %d", 1, 2);\n'),
      ['0:5 address:', '0:11 value:', '0:22 destination:', '0:28 source:', '0:34 count:'],
    );
    assert.deepEqual(await hintsOf(CALLS, [3, 4]), ['3:14 = 0n16', '3:12 one:', '3:16 two:']);
  });

  it('can be typed', async () => {
    const text = '? x = 10;\n';
    client.open('file:///typed.hds', text);
    const [hint] = await client.request<InlayHint[]>('textDocument/inlayHint', {
      textDocument: { uri: 'file:///typed.hds' },
      range: { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } },
    });
    assert.equal(withEdits(text, hint!.textEdits!), '? x = 0n16;\n');
  });

  it('follow the settings', async () => {
    const quiet = await startLspClient(
      {},
      { inlayHints: { radix: false, parameterNames: false, cost: false } },
    );
    assert.deepEqual(await hintsOf('? x = 10; eq(@rax, 1);\n', [0, 1], quiet), []);
    await quiet.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { hyperdbg: { inlayHints: { radix: true } } },
    });
    assert.deepEqual(await hintsOf('? x = 10; eq(@rax, 1);\n', [0, 1], quiet), ['0:8 = 0n16']);
    assert.equal(await quiet.stop(), 0);
  });

  it('ask a client for its settings when it has them', async () => {
    const asked: unknown[] = [];
    let refreshed: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => (refreshed = resolve));
    const asking = await startLspClient(
      { workspace: { configuration: true, inlayHint: { refreshSupport: true } } },
      undefined,
      undefined,
      {
        'workspace/configuration': ({ items }: { items: unknown[] }) => {
          asked.push(...items);
          return [{ inlayHints: { radix: false, cost: false } }];
        },
        'workspace/inlayHint/refresh': () => {
          refreshed();
          return null;
        },
      },
    );
    await settled;
    assert.deepEqual(asked, [{ section: 'hyperdbg' }]);
    assert.deepEqual(await hintsOf('? x = 10;\n', [0, 1], asking), []);
    assert.equal(await asking.stop(), 0);
  });
});

describe('call hierarchy', () => {
  let client: LspClient;
  before(async () => (client = await startLspClient()));
  after(async () => assert.equal(await client.stop(), 0));

  const prepare = async (marked: string): Promise<CallHierarchyItem[]> => {
    const { text, position } = withCursor(marked);
    client.open('file:///calls.hds', text);
    const items = await client.at<CallHierarchyItem[]>(
      'textDocument/prepareCallHierarchy',
      'file:///calls.hds',
      position,
    );
    return items;
  };
  const close = () => client.close('file:///calls.hds');
  const lines = (ranges: readonly { start: { line: number } }[]) => ranges.map(({ start }) => start.line);

  it('tells who calls a function, each script on its own', async () => {
    const [item] = await prepare(CALLS.replace('inner(int', 'in$0ner(int'));
    assert.equal(item!.detail, 'int inner(int one)');
    const calls = await client.request<CallHierarchyIncomingCall[]>('callHierarchy/incomingCalls', { item });
    assert.deepEqual(
      calls.map(({ from, fromRanges }) => [from.name, lines(fromRanges)]),
      [
        ['outer', [2, 2]],
        ['!cpuid', [3]],
      ],
    );
    close();
  });

  it('tells whom a function calls, the main program too', async () => {
    const [outer] = await prepare(CALLS.replace('= outer', '= ou$0ter'));
    const calls = await client.request<CallHierarchyOutgoingCall[]>('callHierarchy/outgoingCalls', {
      item: outer,
    });
    assert.deepEqual(
      calls.map(({ to, fromRanges }) => [to.name, to.selectionRange.start.line, lines(fromRanges)]),
      [['inner', 1, [2, 2]]],
    );
    const [caller] = await client.request<CallHierarchyIncomingCall[]>('callHierarchy/incomingCalls', {
      item: outer,
    });
    const main = await client.request<CallHierarchyOutgoingCall[]>('callHierarchy/outgoingCalls', {
      item: caller!.from,
    });
    assert.deepEqual(
      main.map(({ to }) => to.name),
      ['outer', 'inner'],
    );
    close();
  });

  it('is empty elsewhere', async () => {
    assert.deepEqual(await prepare(CALLS.replace('y = outer', '$0y = outer')), []);
    close();
  });
});
