/**
 * The libunicorn that set-up fetches, and where it is kept. Set-up (scripts/) and the search (unicorn-search.ts) both
 * read this file, so that one writes where the other looks. Node built-ins only: set-up loads it before any build.
 */

import os from 'node:os';
import path from 'node:path';

export const UNICORN_VERSION = '2.1.4';

export interface UnicornWheel {
  /** What pip calls the platform. */
  readonly pipPlatform: string;
  readonly sha256: string;
}

/** Wheels of that version, by `unicornPlatform`. A wheel with another hash is not installed. */
export const UNICORN_WHEELS: Readonly<Record<string, UnicornWheel>> = {
  'linux-x64': {
    pipPlatform: 'manylinux2014_x86_64',
    sha256: '9d6e6dea140560de4ebd8446661f7ef84a357d428c14a3ef09dacd306ec8c239',
  },
  'linux-arm64': {
    pipPlatform: 'manylinux2014_aarch64',
    sha256: 'bd1fb0c9af5f57e356d8a96928b4fe045b2e18f308ef23b481d5f970008aa722',
  },
  'linux-x64-musl': {
    pipPlatform: 'musllinux_1_2_x86_64',
    sha256: 'd348a90ee90219d141cb115ef8ed7e3fd1af42afaee105f7580761d775b25e32',
  },
  'darwin-x64': {
    pipPlatform: 'macosx_10_9_x86_64',
    sha256: '2a6f738fab5fabffa56af1e7bbf16ea1e91466c342f8dc64f125bd70f36c6b80',
  },
  'darwin-arm64': {
    pipPlatform: 'macosx_11_0_arm64',
    sha256: 'd6c93e0f60328d8f4a1792af3f834137a28050fcc2305f2ec01efe8558a9844e',
  },
  'win32-x64': {
    pipPlatform: 'win_amd64',
    sha256: 'd7107500c64ce5c168fbff6bef9485b5db1350050036f4cea568650cf8bdbdf5',
  },
};

/** A computer as far as the library's name and place depend on it. */
export interface HostComputer {
  readonly platform: string;
  readonly architecture: string;
  /** The C library of Linux is musl, not glibc. */
  readonly isMusl: boolean;
  readonly homeFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function thisComputer(): HostComputer {
  return {
    platform: process.platform,
    architecture: process.arch,
    isMusl: process.platform === 'linux' && !hasGlibc(),
    homeFolder: os.homedir(),
    environment: process.env,
  };
}

function hasGlibc(): boolean {
  const report: unknown = process.report?.getReport();
  if (typeof report !== 'object' || report === null || !('header' in report)) return true;
  const header = report.header;
  return typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header;
}

/** Key of UNICORN_WHEELS; computers without a wheel get a key that is not there. */
export function unicornPlatform(host: HostComputer): string {
  return `${host.platform}-${host.architecture}${host.isMusl ? '-musl' : ''}`;
}

/** File name of the library, in the wheel, in the cache and for the system's search. */
export function unicornFileName(host: HostComputer): string {
  if (host.platform === 'win32') return 'unicorn.dll';
  return host.platform === 'darwin' ? 'libunicorn.2.dylib' : 'libunicorn.so.2';
}

/** Folder of all that set-up fetches; HDS_CACHE overrides the platform's own place. */
export function cacheFolder(host: HostComputer): string {
  const { HDS_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = host.environment;
  if (HDS_CACHE) return path.resolve(HDS_CACHE);
  const product = 'hyperdbg-vscode';
  switch (host.platform) {
    case 'win32':
      return path.join(LOCALAPPDATA || path.join(host.homeFolder, 'AppData', 'Local'), product);
    case 'darwin':
      return path.join(host.homeFolder, 'Library', 'Caches', product);
    default:
      return path.join(XDG_CACHE_HOME || path.join(host.homeFolder, '.cache'), product);
  }
}

/** Where set-up puts the library. */
export function cachedUnicorn(host: HostComputer): string {
  const folder = `unicorn-${UNICORN_VERSION}-${unicornPlatform(host)}`;
  return path.join(cacheFolder(host), folder, unicornFileName(host));
}

/** Commands that bring a fitting library, one a line, for the messages of set-up and of the search. */
export function unicornRemedies(host: HostComputer): readonly string[] {
  const python = host.platform === 'win32' ? 'py -3' : 'python3';
  const libraryInWheel = path.join('FOLDER', 'unicorn', 'lib', unicornFileName(host));
  return [
    'npm run setup, in a clone of the project: fetches it with pip, once',
    ...packageManagerRemedies(host),
    `${python} -m pip install --target FOLDER unicorn==${UNICORN_VERSION}, then HDS_UNICORN_LIBRARY=${libraryInWheel}`,
  ];
}

function packageManagerRemedies(host: HostComputer): readonly string[] {
  switch (host.platform) {
    case 'darwin':
      return ['brew install python, when pip is missing', 'brew install unicorn'];
    case 'win32':
      return ['py -3 -m ensurepip, when pip is missing'];
    default:
      return [
        'apt install python3-pip, when pip is missing',
        'apt install libunicorn2, where that is 2.1 or newer (Debian 13)',
      ];
  }
}
