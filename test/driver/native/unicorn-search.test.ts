import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  cachedUnicorn,
  type HostComputer,
  UNICORN_WHEELS,
  unicornPlatform,
} from '../../../driver/native/unicorn-release';
import {
  libraryCandidates,
  openFirst,
  UnicornUnavailableError,
  type VersionedLibrary,
} from '../../../driver/native/unicorn-search';

const linux: HostComputer = {
  platform: 'linux',
  architecture: 'x64',
  isMusl: false,
  homeFolder: path.resolve('home'),
  environment: {},
};
const version = (major: number, minor: number, patch: number): VersionedLibrary => ({
  version: { major, minor, patch },
});

function failureOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof UnicornUnavailableError);
    return error.message;
  }
  return assert.fail('the search found a library');
}

describe('search for libunicorn', () => {
  it('looks beside the bundle, in the cache, then in the system', () => {
    const bundle = path.resolve('dist');
    assert.deepEqual(
      libraryCandidates(linux, bundle).map((candidate) => candidate.file),
      [path.join(bundle, 'libunicorn.so.2'), cachedUnicorn(linux), 'libunicorn.so.2'],
    );
  });

  it('tries a named library only', () => {
    const named = path.resolve('own', 'libunicorn.so.2');
    const host = { ...linux, environment: { HDS_UNICORN_LIBRARY: named } };
    assert.deepEqual(libraryCandidates(host, path.resolve('dist')), [
      { origin: 'HDS_UNICORN_LIBRARY', file: named },
    ]);
    const message = failureOf(() => openFirst(host, libraryCandidates(host, ''), () => version(2, 1, 4)));
    assert.match(message, /HDS_UNICORN_LIBRARY: .*no such file/);
    assert.doesNotMatch(message, /cache:/);
  });

  it('goes on after a library that does not load or has the wrong version', () => {
    const loaded = new Map<string, VersionedLibrary>([
      ['old.so', version(2, 0, 1)],
      ['new.so', version(3, 0, 0)],
      ['good.so', version(2, 1, 1)],
    ]);
    const candidates = ['broken.so', 'old.so', 'new.so', 'good.so'].map((file) => ({ origin: 'test', file }));
    const load = (file: string): VersionedLibrary => {
      const library = loaded.get(file);
      if (library === undefined) throw new Error('cannot open shared object\nat somewhere');
      return library;
    };
    assert.equal(openFirst(linux, candidates, load), loaded.get('good.so'));

    const message = failureOf(() => openFirst(linux, candidates.slice(0, 3), load));
    assert.match(message, /broken\.so: cannot open shared object$/m);
    assert.match(message, /old\.so: version 2\.0\.1 is too old/);
    assert.match(message, /new\.so: version 3\.0\.0 is not known/);
    assert.match(message, /npm run setup/);
    assert.match(message, /apt install/);
    assert.doesNotMatch(message, /at somewhere/);
  });

  it('does not load a file that is not there', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'hds-search-'));
    try {
      const present = path.join(folder, 'present.so');
      writeFileSync(present, '');
      const asked: string[] = [];
      const library = openFirst(
        linux,
        [path.join(folder, 'absent.so'), present].map((file) => ({ origin: 'test', file })),
        (file) => {
          asked.push(file);
          return version(2, 1, 4);
        },
      );
      assert.deepEqual([asked, library.version.patch], [[present], 4]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('keeps the library where each platform keeps caches', () => {
    const home = linux.homeFolder;
    const environment = { XDG_CACHE_HOME: path.resolve('xdg'), LOCALAPPDATA: path.resolve('local') };
    const tail = (platform: string, file: string): string =>
      path.join('hyperdbg-vscode', `unicorn-2.1.4-${platform}`, file);
    assert.equal(cachedUnicorn(linux), path.join(home, '.cache', tail('linux-x64', 'libunicorn.so.2')));
    assert.equal(
      cachedUnicorn({ ...linux, environment }),
      path.join(environment.XDG_CACHE_HOME, tail('linux-x64', 'libunicorn.so.2')),
    );
    assert.equal(
      cachedUnicorn({ ...linux, platform: 'darwin', architecture: 'arm64' }),
      path.join(home, 'Library', 'Caches', tail('darwin-arm64', 'libunicorn.2.dylib')),
    );
    assert.equal(
      cachedUnicorn({ ...linux, platform: 'win32', environment }),
      path.join(environment.LOCALAPPDATA, tail('win32-x64', 'unicorn.dll')),
    );
    const own = path.resolve('elsewhere');
    assert.ok(cachedUnicorn({ ...linux, environment: { HDS_CACHE: own } }).startsWith(own + path.sep));
  });

  it('knows a wheel for each supported computer and tells musl from glibc', () => {
    assert.equal(unicornPlatform({ ...linux, isMusl: true }), 'linux-x64-musl');
    for (const [platform, wheel] of Object.entries(UNICORN_WHEELS)) {
      assert.match(wheel.sha256, /^[0-9a-f]{64}$/, platform);
    }
    assert.equal(new Set(Object.values(UNICORN_WHEELS).map((wheel) => wheel.sha256)).size, 6);
  });
});
