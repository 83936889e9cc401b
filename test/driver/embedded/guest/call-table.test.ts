import assert from 'node:assert/strict';
import { linuxCallName } from '../../../../driver/embedded/guest/system-calls/call-names';
import { CALLS } from '../../../../driver/embedded/guest/system-calls/dispatch';

describe("the guest's system call table", () => {
  it('has every call under the number that Linux gives it', () => {
    for (const [number, [name]] of Object.entries(CALLS)) assert.equal(name, linuxCallName(Number(number)));
  });
});
