import type { Call } from './dap-server';
import type { DebugSession } from './debug-session';
import { readAttachConfig } from './launch-config';
import { startTarget } from './launch';
import type { AttachArguments } from './request-table';

/** DAP `attach`: connects to a target that somebody else has started, halts it and arms the scripts. */
export async function attach(session: DebugSession, args: AttachArguments, call: Call): Promise<void> {
  const config = readAttachConfig(args);
  const { connection, program, signature, symbolPath } = config;
  await startTarget(session, config, call, (signal) =>
    session.openRemoteTarget({
      connection,
      ...(program === undefined ? {} : { program }),
      ...(signature === undefined ? {} : { signature }),
      symbolPath,
      report: (sentence) => session.output.line('console', sentence),
      signal,
    }),
  );
}
