import assert from 'node:assert/strict';
import { evaluateExpression } from '../../../script-engine/command-file/constant-expression';

const symbols = { resolve: (name: string) => (name === 'main!table' ? 0x401000n : undefined) };

describe('expressions of commands', () => {
  const values: readonly (readonly [text: string, value: bigint])[] = [
    ['main!table', 0x401000n],
    ['main!table+10', 0x401010n],
    ['(main!table + 0n10) * 2', 0x802014n],
    ['-1', 0xffffffffffffffffn],
    ['1 << 3 | 1', 9n],
    ['(char)ff', 0xffffffffffffffffn],
  ];
  for (const [text, value] of values)
    it(text, () => {
      const found = evaluateExpression(text, symbols);
      assert.ok(found.kind === 'value');
      assert.equal(found.value, value);
    });

  it('want a target when they read registers or memory', () => {
    for (const text of ['@rax', 'poi(main!table)', '@rsp + 8', '$pid', 'strlen("abc")', '1); print(2'])
      assert.equal(evaluateExpression(text, symbols).kind, 'needs target', text);
  });

  it('are wrong when they have no value', () => {
    for (const text of ['1 / 0', '1 << 40', '1 +', 'unknown', 'main!nothing', ''])
      assert.equal(evaluateExpression(text, symbols).kind, 'error', text);
  });
});
