import { spawn } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

const folders = ['/usr/lib/wine', '/usr/lib64/wine', '/opt/wine-stable/bin', '/opt/wine-devel/bin'];
const limitMs = 300_000;

/** The folder with wine64 and its server, or undefined. */
export function findWine() {
  return folders.find((folder) => existsSync(path.join(folder, 'wine64')));
}

/** Wine with a prefix and a server of its own. */
export class Wine {
  #folder;
  #prefix;

  constructor(folder, prefix) {
    this.#folder = folder;
    this.#prefix = prefix;
  }

  onDriveC(name) {
    return path.join(this.#prefix, 'drive_c', name);
  }

  /** A file of this system as Windows programs name it. */
  pathOf(file) {
    return `Z:${file.replaceAll('/', '\\')}`;
  }

  async prepare() {
    if (existsSync(path.join(this.#prefix, 'system.reg'))) return;
    await mkdir(this.#prefix, { recursive: true });
    console.log('making a Wine prefix …');
    await this.#program('wine64', ['wineboot', '-i']);
    // Wine 8 says Windows 7, which node.exe refuses.
    await this.#program('wine64', ['winecfg', '-v', 'win10']);
    // The session that made the prefix cannot start drivers: let it end.
    await this.#server('-w');
  }

  /** Resolves with the exit status, or undefined when the time is up. Linux pipes fail as standard output: a file does not. */
  run(program, args, { log, variables }) {
    return this.#program('wine64', [program, ...args], log, variables);
  }

  async end() {
    await this.#server('-k');
    await this.#server('-w');
  }

  #server(option) {
    const name = existsSync(path.join(this.#folder, 'wineserver64')) ? 'wineserver64' : 'wineserver';
    return this.#program(name, [option]);
  }

  async #program(name, args, log = '/dev/null', variables = {}) {
    const environment = { ...process.env };
    delete environment.DISPLAY;
    delete environment.WAYLAND_DISPLAY;
    const output = openSync(log, 'w');
    try {
      const child = spawn(path.join(this.#folder, name), args, {
        stdio: ['ignore', output, output],
        env: {
          ...environment,
          WINEPREFIX: this.#prefix,
          WINEDEBUG: '-all',
          WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d',
          ...variables,
        },
      });
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          child.kill('SIGKILL');
          resolve(undefined);
        }, limitMs);
        child.on('error', reject);
        child.on('close', (code) => {
          clearTimeout(timer);
          resolve(code ?? undefined);
        });
      });
    } finally {
      closeSync(output);
    }
  }
}
