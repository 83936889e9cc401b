import assert from 'node:assert/strict';
import { splitGuestArguments } from '../../adapter/cli/guest-arguments';

describe('arguments of the guest', () => {
  it('belong to the program, even when they look like ours', () => {
    assert.deepEqual(
      splitGuestArguments(['run', 'a.hds', '--json', '--guest', './prog', '--json', '--guest', 'x']),
      {
        own: ['run', 'a.hds', '--json'],
        guest: { program: './prog', args: ['--json', '--guest', 'x'] },
      },
    );
  });

  it('can follow the option in one word', () => {
    assert.deepEqual(splitGuestArguments(['run', 'a.hds', '--guest=./prog', '1']).guest, {
      program: './prog',
      args: ['1'],
    });
  });

  it('are missing when no program is named', () => {
    assert.equal(splitGuestArguments(['run', 'a.hds']).guest, undefined);
    assert.equal(splitGuestArguments(['run', 'a.hds', '--guest']).guest, undefined);
  });
});
