/** The helper process: `node device-helper.js FOLDER [KNOWN-BUILDS]`; requests on standard input, answers on standard output. */

import type { KnownBuild } from '../driver-image';
import { serveDevice } from './serve-device';
import { WindowsDriver } from './windows-driver';

const [folder = '', knownBuilds = '[]'] = process.argv.slice(2);
// Whoever wants this process to end closes the pipe; a key in a console must not skip the shutdown.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const driver = new WindowsDriver(folder, JSON.parse(knownBuilds) as readonly KnownBuild[]);
serveDevice(driver, process.stdin, process.stdout).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
