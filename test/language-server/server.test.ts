import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type {
  CodeAction,
  CompletionItem,
  DocumentSymbol,
  FoldingRange,
  Hover,
  MarkupContent,
  SignatureHelp,
} from 'vscode-languageserver/node';
import { projectFile } from '../project-root';
import { type LspClient, startLspClient, withCursor } from './lsp-client';

describe('language server', () => {
  let client: LspClient;
  let count = 0;
  before(async () => {
    client = await startLspClient({
      textDocument: { documentSymbol: { hierarchicalDocumentSymbolSupport: true } },
    });
  });
  after(async () => assert.equal(await client.stop(), 0));

  const open = (text: string): string => {
    const uri = `file:///script-${count++}.hds`;
    client.open(uri, text);
    return uri;
  };
  const ask = <T>(method: string, marked: string): Promise<T> => {
    const { text, position } = withCursor(marked);
    return client.at<T>(method, open(text), position);
  };
  const labels = async (marked: string) =>
    (await ask<CompletionItem[]>('textDocument/completion', marked)).map(({ label }) => label);
  const hoverText = async (marked: string) => {
    const hover = await ask<Hover | null>('textDocument/hover', marked);
    return hover === null ? null : (hover.contents as MarkupContent).value;
  };

  it('says what it can', () => {
    const { capabilities } = client.initializeResult;
    assert.equal(capabilities.hoverProvider, true);
    assert.equal(capabilities.foldingRangeProvider, true);
    assert.equal(capabilities.documentSymbolProvider, true);
    assert.equal(capabilities.diagnosticProvider, undefined);
    assert.deepEqual(capabilities.textDocumentSync, { openClose: true, change: 2 });
  });

  describe('diagnostics', () => {
    it('come with the version of the text, follow changes and go when the file is closed', async () => {
      const uri = open('!cpuid script {\n  print(1;\n}\n');
      const [problem] = await client.diagnosticsOf(uri, 1);
      assert.equal(problem!.range.start.line, 1);
      assert.equal(problem!.severity, 1);
      assert.equal(problem!.source, 'hyperdbg');
      assert.match(String(problem!.code), /^[a-z-]+$/);
      client.change(uri, 2, '!cpuid script {\n  print(1);\n}\n');
      assert.deepEqual(await client.diagnosticsOf(uri, 2), []);
      client.change(uri, 3, '!frobnicate\n');
      assert.equal((await client.diagnosticsOf(uri, 3)).length, 1);
      client.close(uri);
      assert.deepEqual(await client.diagnosticsOf(uri, undefined), []);
    });

    for (const name of readdirSync(projectFile('examples')).filter((file) => file.endsWith('.hds'))) {
      it(`finds no error in ${name}`, async () => {
        const uri = open(readFileSync(projectFile(`examples/${name}`), 'utf8'));
        const errors = (await client.diagnosticsOf(uri, 1)).filter(({ severity }) => severity === 1);
        assert.deepEqual(errors, []);
      });
    }

    it('are answered to a client that asks for them, and then not pushed', async () => {
      const pulling = await startLspClient({ textDocument: { diagnostic: {} } });
      assert.notEqual(pulling.initializeResult.capabilities.diagnosticProvider, undefined);
      let pushed = 0;
      pulling.connection.onNotification('textDocument/publishDiagnostics', () => {
        pushed++;
      });
      pulling.open('file:///pull.hds', '!frobnicate\n');
      const report = await pulling.request<{ kind: string; items: unknown[] }>('textDocument/diagnostic', {
        textDocument: { uri: 'file:///pull.hds' },
      });
      assert.equal(report.kind, 'full');
      assert.equal(report.items.length, 1);
      assert.equal(pushed, 0);
      assert.equal(await pulling.stop(), 0);
    });
  });

  describe('completion', () => {
    it('offers commands where one begins, events first', async () => {
      const items = await ask<CompletionItem[]>('textDocument/completion', '// a\n!ep$0');
      assert.ok(items.some(({ label }) => label === '!epthook2'));
      assert.ok(items.some(({ label }) => label === '?'));
      const [first] = items.toSorted((a, b) => a.sortText!.localeCompare(b.sortText!));
      assert.match(first!.label, /^!/);
      assert.deepEqual(items[0]!.textEdit, {
        range: { start: { line: 1, character: 0 }, end: { line: 1, character: 3 } },
        newText: items[0]!.label,
      });
    });

    it('offers the options of an event that are not there yet', async () => {
      const found = await labels('!cpuid 1 stage post $0');
      assert.ok(found.includes('pid') && found.includes('script') && found.includes('buffer'));
      assert.ok(!found.includes('stage'));
      assert.ok(!found.includes('printf'));
    });

    it('offers the values of an option', async () => {
      assert.deepEqual(await labels('!cpuid stage $0'), ['pre', 'post', 'all']);
      assert.deepEqual(await labels('!cpuid sc $0 script { }'), ['on', 'off']);
    });

    it('offers the words of an event’s parameters', async () => {
      const found = await labels('!mode $0');
      assert.ok(found.includes('u') && found.includes('uk'));
    });

    it('offers no options for a command that is no event', async () => {
      assert.deepEqual(await labels('lm $0'), []);
    });

    it('offers functions, keywords and registers in a script', async () => {
      for (const text of ['!cpuid script {\n  $0\n}', '? $0', '? { $0 }']) {
        const found = await labels(text);
        for (const label of ['printf', 'poi', 'if', 'unsigned', '@rax', '$context']) {
          assert.ok(found.includes(label), `${label} in ${text}`);
        }
        assert.ok(!found.includes('!epthook'));
      }
    });

    it('offers only registers behind @ and only pseudo registers behind $', async () => {
      assert.ok((await labels('? x = @r$0')).every((label) => label.startsWith('@')));
      assert.ok((await labels('? x = $p$0')).every((label) => label.startsWith('$')));
    });

    it('offers nothing in strings, comments, machine code and assembly', async () => {
      for (const text of [
        '? print("$0")',
        '? x = 1; // $0',
        '// $0',
        '!cpuid script { /* $0 */ }',
        '!cpuid code { 90$0 }',
        '!cpuid asm code { mov $0 }',
      ]) {
        assert.deepEqual(await labels(text), [], text);
      }
    });
  });

  describe('hover', () => {
    it('explains functions, registers, pseudo registers and numbers in a script', async () => {
      assert.match((await hoverText('? x = po$0i(@rsp);'))!, /poi\(address\) → u64/);
      assert.match((await hoverText('? x = @e$0cx;'))!, /bits 31:0 of rcx/);
      assert.match((await hoverText('? x = $con$0text;'))!, /Event-specific context/);
      assert.match((await hoverText('? x = 1$00;'))!, /decimal: `0n16`/);
      assert.match((await hoverText('? x = 0n1$00;'))!, /hexadecimal: `0xa`/);
    });

    it('computes expressions of numbers', async () => {
      const sum = (await hoverText('!cpuid script {\r\n\tx = 1 <$0< 4 | 2;\r\n}'))!;
      assert.match(sum, /1 << 4 \| 2/);
      assert.match(sum, /hexadecimal: `0x12`.*decimal: `0n18`.*binary: `0y10010`/s);
      const number = (await hoverText('? x = @rax + (1$00 * 2);'))!;
      assert.match(number, /decimal: `0n16`.*10 \* 2.*decimal: `0n32`/s);
      assert.match((await hoverText('print -$01'))!, /signed: `-1`/);
      assert.match((await hoverText('? if (1 =$0= 2) { x = 1; }'))!, /hexadecimal: `0x0`/);
      assert.match((await hoverText('? x = 4 /$0 0;'))!, /Divides by 0/);
      assert.equal(await hoverText('? x = @rax +$0 1;'), null);
    });

    it('says what $context is in the event at hand', async () => {
      assert.match((await hoverText('!ioin script { x = $con$0text; }'))!, /In `!ioin`: the port/);
      assert.match((await hoverText('!msrwrite script { x = $con$0text; }'))!, /In `!msrwrite`: ECX/);
    });

    it('explains commands and options', async () => {
      assert.match((await hoverText('!cp$0uid 1'))!, /Fires on CPUID/);
      assert.match((await hoverText('!cpuid 1 sta$0ge post'))!, /Before the instruction/);
      assert.match((await hoverText('!interrupt d$01'))!, /decimal: `0n209`/);
    });

    it('covers the word', async () => {
      const hover = await ask<Hover>('textDocument/hover', '? x = p$0oi(1);');
      assert.deepEqual(hover.range, { start: { line: 0, character: 6 }, end: { line: 0, character: 9 } });
    });

    it('says nothing about other words, strings and comments', async () => {
      assert.equal(await hoverText('? tot$0al = 1;'), null);
      assert.equal(await hoverText('? print("po$0i");'), null);
      assert.equal(await hoverText('// po$0i'), null);
    });
  });

  describe('texts of the catalog', () => {
    const textOf = async (marked: string, label: string): Promise<string> => {
      const items = await ask<CompletionItem[]>('textDocument/completion', marked);
      const item = items.find((each) => each.label === label);
      assert.ok(item, label);
      assert.equal(item.documentation, undefined);
      const resolved = await client.request<CompletionItem>('completionItem/resolve', item);
      assert.equal(resolved.label, label);
      return (resolved.documentation as MarkupContent).value;
    };

    it('come with a completion when it is looked at', async () => {
      assert.equal(client.initializeResult.capabilities.completionProvider?.resolveProvider, true);
      assert.match(
        await textOf('? sp$0', 'spinlock_lock'),
        /guard what they share.*spinlock_unlock\(&\.lock\)/s,
      );
      assert.match(await textOf('? sp$0', 'spinlock_lock'), /Effects: writes memory, waits\./);
      assert.match(await textOf('? x = @r$0', '@rcx'), /first argument of a function on Windows/);
      assert.match(await textOf('? x = $c$0', '$core'), /may run on others at the same time.*```/s);
      assert.match(await textOf('!cpuid st$0', 'stage'), /Before the instruction/);
      assert.match(await textOf('!cp$0', '!cpuid'), /Fires on CPUID/);
    });

    it('are in hovers and signature help', async () => {
      assert.match(
        (await hoverText('? event_dis$0able(1);'))!,
        /an event may disable itself.*event_disable\(\$event_id\)/s,
      );
      assert.match((await hoverText('? x = @c$0l;'))!, /A write keeps all other bits.*if \(@cl == 1\)/s);
      assert.match((await hoverText('? x = $bu$0ffer;'))!, /outlives a run.*eq\(\$buffer, @rcx\)/s);
      const help = await ask<SignatureHelp>('textDocument/signatureHelp', '? memcpy(@rdi, $0');
      assert.match(
        (help.signatures[0]!.documentation as MarkupContent).value,
        /Both ranges must be there.*memcpy\(@rdi/s,
      );
    });

    it('are left as they are for what no table knows', async () => {
      const item = { label: 'x', data: 'frobnicate y' };
      assert.deepEqual(await client.request('completionItem/resolve', item), item);
    });
  });

  describe('signature help', () => {
    it('follows the argument that is being typed', async () => {
      const help = await ask<SignatureHelp>('textDocument/signatureHelp', '? x = strncmp(@rcx, $0');
      assert.equal(help.activeParameter, 1);
      assert.match(help.signatures[0]!.label, /^strncmp\(/);
      assert.equal(help.signatures[0]!.parameters!.length, 3);
      for (const { label } of help.signatures[0]!.parameters!) {
        assert.ok(help.signatures[0]!.label.includes(label as string));
      }
    });

    it('all further arguments of printf are its last one', async () => {
      const help = await ask<SignatureHelp>('textDocument/signatureHelp', '? printf("%d %d %d", 1, 2, $0');
      assert.equal(help.activeParameter, help.signatures[0]!.parameters!.length - 1);
    });

    it('is silent outside of calls', async () => {
      assert.equal(await ask('textDocument/signatureHelp', '? x = $0'), null);
      assert.equal(await ask('textDocument/signatureHelp', '? if ($0'), null);
    });
  });

  it('lists the commands of the file, events with their numbers', async () => {
    const uri = open('// one\n? .x = 0;\n!cpuid 1 script {\n  print(1);\n}\n!tsc\n');
    const symbols = await client.request<DocumentSymbol[]>('textDocument/documentSymbol', {
      textDocument: { uri },
    });
    assert.deepEqual(
      symbols.map(({ name, detail, range }) => [name, detail, range.start.line, range.end.line]),
      [
        ['?', '.x = 0;', 1, 1],
        ['!cpuid (event 1)', '1 script', 2, 4],
        ['!tsc (event 2)', '', 5, 5],
      ],
    );
  });

  it('folds blocks and runs of comments', async () => {
    const uri = open('// a\n// b\n!cpuid script {\n  if (1) {\n    print(1);\n  }\n}\n');
    const ranges = await client.request<FoldingRange[]>('textDocument/foldingRange', {
      textDocument: { uri },
    });
    assert.deepEqual(
      ranges.map(({ startLine, endLine }) => [startLine, endLine]).sort((a, b) => a[0]! - b[0]!),
      [
        [0, 1],
        [2, 5],
        [3, 4],
      ],
    );
  });

  it('offers the cure of a diagnostic', async () => {
    const text = '!cpuid script {\n  x = 1;\n  if (x!=5) { print(1); }\n}\n';
    const uri = open(text);
    const diagnostics = await client.diagnosticsOf(uri, 1);
    const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range: diagnostics[0]!.range,
      context: { diagnostics },
    });
    assert.equal(actions[0]!.kind, 'quickfix');
    const [edit] = actions[0]!.edit!.changes![uri]!;
    const lines = text.split('\n');
    const { start, end } = edit!.range;
    const line = lines[start.line]!;
    lines[start.line] = line.slice(0, start.character) + edit!.newText + line.slice(end.character);
    client.change(uri, 2, lines.join('\n'));
    assert.deepEqual(await client.diagnosticsOf(uri, 2), []);
  });

  it('answers for a file that is not open', async () => {
    const params = { textDocument: { uri: 'file:///closed.hds' }, position: { line: 0, character: 0 } };
    for (const method of ['completion', 'hover', 'documentSymbol', 'documentLink', 'selectionRange'])
      assert.equal(
        await client.request(`textDocument/${method}`, { ...params, positions: [] }),
        null,
        method,
      );
  });
});
