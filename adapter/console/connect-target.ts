/** Targets for a command line: one that runs already, at an address, or a guest program on the embedded machine. */

import type { ConsoleEvent } from '../../driver/embedded/embedded-machine';
import { startEmbeddedMachine } from '../../driver/embedded/embedded-machine';
import { KdClient } from '../../driver/kd/kd-client';
import { connectKdClient } from '../../driver/kd/kd-debuggee';
import { parseConnectionAddress } from '../../driver/kd/streams/connection-address';
import { openStream } from '../../driver/kd/streams/open-stream';
import { SymbolTable } from '../symbols/symbol-table';
import { type LaunchTargetConfig, launchTarget } from '../target/launch-target';
import { loadModules } from '../target/module-symbols';
import type { ConsoleTarget } from './command-context';

export interface ConnectOptions {
  readonly signature?: string;
  readonly handshakeTimeoutMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Connects to a debuggee, which runs on. Rejects with ConnectionAddressError or DriverError. Scripts are compiled to the bytes
 * that the original makes of them, so that the wire carries what the original's client sends.
 */
export async function connectTarget(address: string, options: ConnectOptions): Promise<ConsoleTarget> {
  const { signal } = options;
  const stream = await openStream(parseConnectionAddress(address), { signal });
  const client = await connectKdClient(stream, options);
  const symbols = new SymbolTable();
  client.listen({ modules: () => void loadModules(symbols, client, undefined) });
  await loadModules(symbols, client, undefined);
  return { client, symbols, mode: 'exact', dispose: () => Promise.resolve() };
}

/** Starts a guest program and halts it at its entry point. Rejects with TargetError. */
export async function launchGuest(
  config: LaunchTargetConfig,
  onConsole: (event: ConsoleEvent) => void,
): Promise<ConsoleTarget> {
  const {
    debuggee,
    symbols,
    dispose,
    onConsole: listen,
  } = await launchTarget(config, {
    startMachine: startEmbeddedMachine,
    connect: connectKdClient,
  });
  if (!(debuggee instanceof KdClient)) throw new Error('a launched target is behind a KD client');
  listen(onConsole);
  return { client: debuggee, symbols, mode: 'exact', dispose };
}
