import assert from 'node:assert/strict';
import { RestartPolicy } from '../../extension/restart-policy';

describe('starting the language server again', () => {
  it('waits longer each time and gives up', () => {
    const policy = new RestartPolicy(() => 0);
    const delays: number[] = [];
    for (;;) {
      const decision = policy.ended();
      if (decision.kind === 'giveUp') break;
      delays.push(decision.afterMs);
    }
    assert.deepEqual(delays, [500, 1000, 2000, 5000, 15_000]);
  });

  it('begins anew after a minute of good health, or when the user asks', () => {
    let now = 0;
    const policy = new RestartPolicy(() => now);
    policy.ended();
    policy.started();
    now += 59_999;
    assert.deepEqual(policy.ended(), { kind: 'restart', afterMs: 1000, attempt: 2 });
    policy.started();
    now += 60_000;
    assert.deepEqual(policy.ended(), { kind: 'restart', afterMs: 500, attempt: 1 });
    policy.reset();
    assert.deepEqual(policy.ended(), { kind: 'restart', afterMs: 500, attempt: 1 });
  });
});
