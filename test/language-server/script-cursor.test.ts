import assert from 'node:assert/strict';
import { scriptCursorAt, wordAt } from '../../language-server/script-cursor';

const at = (marked: string) => {
  const offset = marked.indexOf('$0');
  return scriptCursorAt(marked.replace('$0', ''), 0, offset);
};

describe('script cursor', () => {
  it('knows the argument that is being typed', () => {
    assert.deepEqual(at('printf("a, b", $0').call, { functionName: 'printf', argumentIndex: 1 });
    assert.deepEqual(at('eb(poi(@rsp$0), 1)').call, { functionName: 'poi', argumentIndex: 0 });
    assert.deepEqual(at('eb(poi(@rsp), $0').call, { functionName: 'eb', argumentIndex: 1 });
    assert.deepEqual(at('strncmp(a, (b + c$0').call, { functionName: 'strncmp', argumentIndex: 1 });
    assert.deepEqual(at('eb(a[1, 2], $0').call, { functionName: 'eb', argumentIndex: 1 });
  });

  it('a statement ends what was left open', () => {
    assert.equal(at('print(1; x = $0').call, undefined);
    assert.equal(at('print(1); $0').call, undefined);
  });

  it('tells strings and comments from code', () => {
    assert.equal(at('print("$0").').place, 'string');
    assert.equal(at('print("a$0').place, 'string');
    assert.equal(at('print("a"$0)').place, 'code');
    assert.equal(at('x = 1; // a$0\n').place, 'comment');
    assert.equal(at('// a\n$0').place, 'code');
    assert.equal(at('/* a $0').place, 'comment');
    assert.equal(at('/* a */$0').place, 'code');
    assert.equal(at('x = 4 / $0').place, 'code');
  });

  it('finds the word around the cursor', () => {
    assert.deepEqual(wordAt('x = @rax + 1', 6), { start: 4, end: 8 });
    assert.deepEqual(wordAt('!epthook nt!Foo', 15), { start: 9, end: 15 });
    assert.deepEqual(wordAt('a  b', 2), { start: 2, end: 2 });
  });
});
