// VS Code's server with a profile of its own, on a free port of this computer.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { runProgram } from '../run-program.mjs';

const startLimitMs = 120_000;

/** Nothing that asks the network, and nothing that hides what a test looks for. */
const userSettings = {
  'chat.commandCenter.enabled': false,
  'debug.toolBarLocation': 'floating',
  'editor.accessibilitySupport': 'off',
  'editor.minimap.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'git.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.commandCenter': false,
  'window.confirmBeforeClose': 'never',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.enableExperiments': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/**
 * Starts the server with the extension of `vsix` installed in it, `withoutFiles` of it.
 * @returns {Promise<{url: string, stop: () => Promise<void>}>}
 */
export async function startCodeServer({ server, vsix, home, isTrusted = true, withoutFiles = [] }) {
  const port = await freePort();
  const folders = ['--server-data-dir', path.join(home, 'data'), '--user-data-dir', path.join(home, 'user')];
  const extensions = ['--extensions-dir', path.join(home, 'extensions')];
  // A home of its own: a CPU library in the cache of this computer must not stand in for the one of the package.
  const env = { ...process.env, HOME: home, EXTENSIONS_GALLERY: '{"serviceUrl":"http://127.0.0.1:9/none"}' };
  for (const name of Object.keys(env)) {
    if (/^(VSCODE_|XDG_|HDS_|npm_)/.test(name)) delete env[name];
  }
  await mkdir(path.join(home, 'user/User'), { recursive: true });
  await writeFile(path.join(home, 'user/User/settings.json'), JSON.stringify(userSettings, undefined, 2));
  const installed = await runProgram(
    process.execPath,
    [
      server,
      ...folders,
      ...extensions,
      '--accept-server-license-terms',
      '--install-extension',
      vsix,
      '--force',
    ],
    { env },
  );
  if (installed.status !== 0 || !/successfully installed/.test(installed.output)) {
    throw new Error(`VS Code did not install the extension:\n${installed.output}`);
  }
  for (const file of withoutFiles)
    await rm(path.join(await installedFolder(home), file), { recursive: true });
  const log = openSync(path.join(home, 'server.log'), 'w');
  const child = spawn(
    process.execPath,
    [
      server,
      ...['--host', '127.0.0.1', '--port', String(port), '--without-connection-token'],
      ...['--accept-server-license-terms', '--telemetry-level', 'off', '--disable-telemetry'],
      ...(isTrusted ? ['--disable-workspace-trust'] : []),
      '--disable-getting-started-override',
      ...folders,
      ...extensions,
    ],
    { env, stdio: ['ignore', log, log], detached: true },
  );
  closeSync(log);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    // The server's extension hosts are its children; they go with their group.
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await ended;
  };
  await answers(port, child);
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** Where the one extension was installed. */
async function installedFolder(home) {
  const folder = path.join(home, 'extensions');
  const [name] = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return path.join(folder, name.name);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Resolves once the server answers. */
async function answers(port, child) {
  const startedAt = Date.now();
  while (Date.now() - startedAt < startLimitMs) {
    if (child.exitCode !== null) throw new Error(`VS Code's server ended with ${child.exitCode}`);
    if (await isUp(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("VS Code's server did not answer");
}

function isUp(port) {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/version' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}
