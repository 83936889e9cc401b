import assert from 'node:assert/strict';
import { breakScript, type BreakWish } from '../../../adapter/session/break-script';
import { parseHitCondition } from '../../../adapter/session/hit-condition';

function source(wish: BreakWish): string {
  const made = breakScript(3, wish);
  return made.ok ? made.source : assert.fail(made.message);
}

describe('adapter/session: the script of a breakpoint', () => {
  it('stops while its switch is on', () => {
    assert.equal(source({}), 'if (.hyperdbg_switch_3 == 1) { .hyperdbg_hit = 0n3; pause(); }');
  });

  it('has the condition inside', () => {
    assert.equal(
      source({ condition: ' @rax == 5 ' }),
      'if (.hyperdbg_switch_3 == 1) { if (@rax == 5) { .hyperdbg_hit = 0n3; pause(); } }',
    );
  });

  it('counts hits in decimal', () => {
    assert.match(source({ hitCondition: '>= 12' }), /\.hyperdbg_count_3 >= 0n12\)/);
    assert.match(source({ hitCondition: '% 10' }), /\.hyperdbg_count_3 % 0n10 == 0\)/);
    assert.equal(breakScript(3, { hitCondition: 'often' }).ok, false);
  });

  it('prints a log message with its values instead of stopping', () => {
    assert.match(
      source({ logMessage: 'at {@rip}: 100% "{x + 1}"' }),
      /printf\("at %llx: 100%% \\"%llx\\"\\n", @rip, x \+ 1\)/,
    );
    assert.doesNotMatch(source({ logMessage: 'x' }), /pause/);
  });
});

describe('adapter/session: hit counts', () => {
  it('reads numbers with and without an operator', () => {
    assert.deepEqual(parseHitCondition('5'), { operator: '==', count: 5 });
    assert.deepEqual(parseHitCondition(' = 5 '), { operator: '==', count: 5 });
    assert.deepEqual(parseHitCondition('<= 5'), { operator: '<=', count: 5 });
    for (const text of ['', 'x', '5 5', '% 0', '-1', '!= 2'])
      assert.equal(parseHitCondition(text), undefined);
  });
});
