/** Entry point of the debug adapter's bundle. */

import { runAdapter } from './run-adapter';

void runAdapter(process.argv.slice(2)).then((status) => {
  // The client is gone: nothing that a dead target left behind may keep the process alive.
  process.exit(status);
});
