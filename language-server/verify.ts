/** An event offered to the driver stand-in, which checks what only a driver can: addresses, processes, limits of its pools. */

import { DeviceClient } from '../driver/device/device-client';
import { DriverError } from '../driver/driver-error';
import { startEmbeddedDevice } from '../driver/embedded/device/start-embedded-device';
import { EmbeddedMachineError } from '../driver/embedded/embedded-machine';
import { loadAssembler } from '../script-engine/asm/assembler';
import type { EventPlan } from '../script-engine/command-file/event-plan';
import { planCommand } from '../script-engine/command-file/plan';
import { GlobalTable } from '../script-engine/compiler/global-table';
import { commandInLine } from './command-in-line';
import type { ScriptDocument } from './open-documents';

export interface VerifyRequest {
  /** From 0. */
  readonly line: number;
  /** Path of the guest program that the event is meant for. */
  readonly program: string;
  readonly symbols: ReadonlyMap<string, bigint>;
}

export type Verification =
  | { readonly kind: 'accepted' }
  /** By the compiler or the driver; the message says what is wrong and what to do. */
  | { readonly kind: 'refused'; readonly message: string; readonly code?: string }
  /** Nobody could be asked. */
  | { readonly kind: 'unavailable'; readonly message: string };

const FIRST_TAG = 0x1000000n;
const LONGEST_MS = 10_000;

/** Compiles the event of a line and offers it to a machine that is started for it and ended afterwards. */
export async function verifyEvent(document: ScriptDocument, request: VerifyRequest): Promise<Verification> {
  const found = commandInLine(document, request.line);
  if (found === undefined) return { kind: 'refused', message: 'There is no command in this line.' };
  const { plan, diagnostics } = await planCommand(found.command, {
    text: document.source,
    symbols: { resolve: (name) => request.symbols.get(name) },
    globals: new GlobalTable(),
    assembler: loadAssembler,
  });
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (error !== undefined) return { kind: 'refused', message: error.message, code: error.code };
  if (plan?.kind !== 'event') return { kind: 'refused', message: `\`${found.command.name}\` is no event.` };
  return offer(plan.event, request.program);
}

async function offer(event: EventPlan, program: string): Promise<Verification> {
  try {
    const machine = await startEmbeddedDevice({ program, arguments: [] });
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<Verification>((resolve) => {
        timer = setTimeout(
          () =>
            resolve({
              kind: 'unavailable',
              message: `The driver did not answer within ${LONGEST_MS / 1000} s.`,
            }),
          LONGEST_MS,
        );
      });
      return await Promise.race([register(machine.device, event), late]);
    } finally {
      clearTimeout(timer);
      await machine.dispose();
    }
  } catch (error) {
    if (error instanceof DriverError)
      return { kind: 'refused', message: error.message, ...(error.codeName && { code: error.codeName }) };
    if (error instanceof EmbeddedMachineError) return { kind: 'unavailable', message: error.message };
    throw error;
  }
}

async function register(
  device: ConstructorParameters<typeof DeviceClient>[0],
  { type, coreId, processId, stage, shortCircuit, options, condition, actions, immediate }: EventPlan,
): Promise<Verification> {
  const client = new DeviceClient(device);
  await device.open();
  await client.startVmm();
  await client.registerEvent({
    tag: FIRST_TAG,
    type,
    coreId,
    processId,
    stage,
    shortCircuit,
    options,
    condition,
  });
  for (const action of actions) {
    if (action.kind === 'script') {
      const { script, bufferSizeBytes } = action;
      const request = {
        kind: 'script',
        bytes: script.bytes,
        symbolCount: script.symbolCount,
        bufferSizeBytes,
      } as const;
      await client.addAction(FIRST_TAG, request, immediate);
    } else if (action.kind === 'code') {
      await client.addAction(FIRST_TAG, action, immediate);
    }
    // On the machine's own device nothing can be broken to, so a break is not offered (driver-protocol 1).
  }
  return { kind: 'accepted' };
}
