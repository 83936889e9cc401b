/** A pseudo terminal as a serial cable: the name of one end, and a stream at the other. */

import koffi from 'koffi';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import tty from 'node:tty';

export function openPtyPair(): { readonly device: string; readonly far: tty.ReadStream } {
  const libc = koffi.load('libc.so.6');
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = fs.constants;
  const master = fs.openSync('/dev/ptmx', O_RDWR | O_NOCTTY | O_NONBLOCK);
  assert.equal(libc.func('int grantpt(int)')(master), 0);
  assert.equal(libc.func('int unlockpt(int)')(master), 0);
  const name = Buffer.alloc(128);
  assert.equal(libc.func('int ptsname_r(int, void*, size_t)')(master, name, name.length), 0);
  return { device: name.toString('latin1', 0, name.indexOf(0)), far: new tty.ReadStream(master) };
}
