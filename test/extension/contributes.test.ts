import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { projectFile } from '../project-root';

const manifest = JSON.parse(readFileSync(projectFile('package.json'), 'utf8'));
const { contributes } = manifest;
const extensionSource = readdirSync(projectFile('extension'), { encoding: 'utf8', recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(projectFile(`extension/${name}`), 'utf8'))
  .join('\n');

describe('what the extension contributes', () => {
  it('names files that exist', () => {
    const files = [
      contributes.languages[0].configuration,
      contributes.grammars[0].path,
      contributes.snippets[0].path,
    ] as string[];
    for (const file of files) assert.ok(existsSync(projectFile(file.slice(2))), file);
  });

  it('one language for .hds and .ds', () => {
    assert.equal(contributes.languages.length, 1);
    assert.deepEqual(contributes.languages[0].extensions, ['.hds', '.ds']);
    const { id } = contributes.languages[0];
    for (const part of [contributes.grammars[0], contributes.snippets[0], contributes.breakpoints[0]]) {
      assert.equal(part.language, id);
    }
    assert.match(extensionSource, new RegExp(`SCRIPT_LANGUAGE_ID = '${id}'`));
  });

  it('every command is registered, and no other', () => {
    const contributed = contributes.commands.map(({ command }: { command: string }) => command).sort();
    const registered = [...extensionSource.matchAll(/registerCommand\(\s*'([^']+)'/g)]
      .map(([, name]) => name)
      .sort();
    assert.deepEqual(registered, contributed);
  });

  it('configurations to start with use only attributes of the schema', () => {
    const [debuggerEntry] = contributes.debuggers;
    const known = (request: string) =>
      new Set([
        'type',
        'request',
        'name',
        ...Object.keys(debuggerEntry.configurationAttributes[request].properties),
      ]);
    const bodies = [
      ...debuggerEntry.initialConfigurations,
      ...debuggerEntry.configurationSnippets.map((snippet: { body: object }) => snippet.body),
    ];
    assert.ok(bodies.length >= 3);
    for (const body of bodies) {
      assert.deepEqual(
        Object.keys(body).filter((attribute) => !known(body.request).has(attribute)),
        [],
      );
      assert.equal(body.type, 'hyperdbg');
    }
  });

  it('runs nothing of an untrusted workspace', () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
  });

  it('the language configuration is JSON with patterns that compile', () => {
    const configuration = JSON.parse(
      readFileSync(projectFile('syntaxes/language-configuration.json'), 'utf8'),
    );
    const word = new RegExp(configuration.wordPattern, 'g');
    assert.deepEqual('!epthook nt!Foo @rax $pid .count 0x10 fffff800`0 x'.match(word), [
      '!epthook',
      'nt!Foo',
      '@rax',
      '$pid',
      '.count',
      '0x10',
      'fffff800`0',
      'x',
    ]);
    const { increaseIndentPattern, decreaseIndentPattern } = configuration.indentationRules;
    assert.match('!cpuid script {', new RegExp(increaseIndentPattern));
    assert.doesNotMatch('// {', new RegExp(increaseIndentPattern));
    assert.match('    }', new RegExp(decreaseIndentPattern));
  });
});
