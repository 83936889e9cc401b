import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Descriptors } from '../../../../driver/embedded/guest/descriptors';
import { GuestError } from '../../../../driver/embedded/guest/errno';
import { FileSystem, guestPath } from '../../../../driver/embedded/guest/file-system';
import { openNode, streamFile } from '../../../../driver/embedded/guest/open-file';

describe("the guest's files", () => {
  const outside = fs.mkdtempSync(path.join(os.tmpdir(), 'hds-outside-'));
  const given = fs.mkdtempSync(path.join(os.tmpdir(), 'hds-given-'));
  fs.writeFileSync(path.join(outside, 'secret'), 'secret');
  fs.writeFileSync(path.join(given, 'data'), 'hello');
  fs.symlinkSync(path.join(outside, 'secret'), path.join(given, 'link-out'));
  fs.symlinkSync('data', path.join(given, 'link-in'));
  const files = new FileSystem(guestPath(path.join(given, 'program')), [given]);
  const guest = (name: string): string => guestPath(path.join(given, name));
  const fails = (errorName: string, call: () => unknown): void =>
    assert.throws(call, (error: Error) => error instanceof GuestError && error.errorName === errorName);

  after(() => {
    fs.rmSync(outside, { recursive: true });
    fs.rmSync(given, { recursive: true });
  });

  it('are those of the given folder', () => {
    const node = files.find(guest('data'));
    assert.ok(node);
    const file = openNode(files, guest('data'), node, { write: false, append: false });
    assert.equal(Buffer.from(file.read(100)).toString(), 'hello');
    assert.equal(file.read(100).length, 0);
    file.close();
    fails('ENOENT', () => files.createFile('/home/x'));
  });

  it('that the guest creates stand in front of the folder, and are not on this computer', () => {
    files.createFile(guest('made')).write(0, Buffer.from('mine'));
    const folder = files.find(path.posix.dirname(guest('made')));
    assert.ok(folder);
    assert.ok(files.list(folder).includes('made') && files.list(folder).includes('data'));
    assert.ok(files.find(guest('data')));
    assert.equal(fs.existsSync(path.join(given, 'made')), false);
    files.remove(guest('made'), 'file');
    assert.equal(files.find(guest('made')), undefined);
  });

  it('are changed, renamed and removed in copies, and stay as they are on this computer', () => {
    for (const name of ['change', 'remove', 'move']) fs.writeFileSync(path.join(given, name), 'theirs');
    fs.symlinkSync('change', path.join(given, 'link-to-change'));
    const link = files.find(guest('link-to-change'));
    assert.ok(link);
    openNode(files, guest('link-to-change'), link, { write: true, append: true }).write(Buffer.from(' mine'));
    const changed = files.find(guest('change'));
    assert.ok(changed);
    assert.equal(Buffer.from(files.bytesOf(changed)).toString(), 'theirs mine');
    assert.equal(files.find(guest('link-to-change')), changed);
    files.remove(guest('remove'), 'file');
    assert.equal(files.find(guest('remove')), undefined);
    files.rename(guest('move'), guest('moved'));
    assert.equal(files.find(guest('move')), undefined);
    assert.ok(files.find(guest('moved')));
    const folder = files.find(path.posix.dirname(guest('data')));
    assert.ok(folder);
    const names = files.list(folder);
    assert.deepEqual(
      [names.includes('remove'), names.includes('move'), names.includes('moved')],
      [false, false, true],
    );
    files.createFile(guest('remove'));
    assert.equal(files.status(files.find(guest('remove')) ?? assert.fail()).sizeBytes, 0);
    for (const name of ['change', 'remove', 'move'])
      assert.equal(fs.readFileSync(path.join(given, name), 'utf8'), 'theirs');
    assert.equal(fs.existsSync(path.join(given, 'moved')), false);
  });

  it('have links of the guest, which end in ELOOP when they lead to each other', () => {
    files.createFile('/tmp/target');
    files.createLink('/tmp/to-target', 'target');
    assert.equal(files.find('/tmp/to-target'), files.find('/tmp/target'));
    assert.equal(files.readLink('/tmp/to-target'), 'target');
    files.createLink('/tmp/one', 'two');
    files.createLink('/tmp/two', 'one');
    fails('ELOOP', () => files.find('/tmp/one'));
    for (const name of ['target', 'to-target', 'one', 'two']) files.remove(`/tmp/${name}`, 'file');
  });

  it('do not lead out of it, by links or by dots', () => {
    assert.ok(files.find(guest('link-in')));
    for (const name of [
      guest('link-out'),
      path.join(outside, 'secret'),
      '/etc/passwd',
      `${guest('..')}/${path.basename(outside)}/secret`,
    ]) {
      assert.equal(files.find(name), undefined, name);
    }
  });

  it('have a private /tmp that takes files and folders', () => {
    files.createDirectory('/tmp/folder');
    const created = files.createFile('/tmp/folder/a');
    const file = openNode(files, '/tmp/folder/a', created, { write: true, append: false });
    assert.equal(file.write(Buffer.from('abc')), 3);
    file.seek(0, 0);
    assert.equal(Buffer.from(file.read(10)).toString(), 'abc');
    assert.equal(fs.existsSync('/tmp/folder/a'), false);
    fails('ENOTEMPTY', () => files.remove('/tmp/folder', 'directory'));
    files.rename('/tmp/folder/a', '/tmp/b');
    files.remove('/tmp/folder', 'directory');
    assert.equal(files.find('/tmp/folder'), undefined);
    assert.ok(files.find('/tmp/b'));
    fails('EFBIG', () => created.resize(1 << 30));
  });

  it('have descriptors that fail with EBADF when they are not open', () => {
    const descriptors = new Descriptors();
    let closed = 0;
    const file = {
      ...streamFile(
        () => new Uint8Array(0),
        (bytes) => bytes.length,
      ),
      close: () => closed++,
    };
    const first = descriptors.add(file);
    descriptors.duplicateTo(first, 7);
    descriptors.close(first);
    assert.equal(closed, 0, 'the duplicate keeps it open');
    descriptors.close(7);
    assert.equal(closed, 1);
    fails('EBADF', () => descriptors.get(7));
  });
});
