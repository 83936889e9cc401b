/**
 * DebuggerAddActionToEvent as the page about actions describes it, through any door of the driver. HyperDbg 0.23 has two more
 * parameters (what to return, and whether the caller is in VMX root) and returns the action; here a halted target takes
 * actions without being told so.
 */

import type { ActionRequest } from '../debuggee';
import { DriverError, refusal } from '../driver-error';
import { DEBUGGER_ERROR, DEBUGGER_EVENT_ACTION_TYPE_ENUM as ACTION_TYPE } from '../sdk/tables.generated';

/** A door that takes actions: `Debuggee` (kernel debugger) or `DeviceClient` (same machine). */
export interface ActionDoor {
  addAction(tag: bigint, action: ActionRequest, immediate: boolean): Promise<void>;
}

/** An event that has been registered. */
export interface DebuggerEvent {
  readonly tag: bigint;
  readonly door: ActionDoor;
}

/** DEBUGGER_EVENT_REQUEST_CUSTOM_CODE. */
export interface CustomCodeRequest {
  /** x64 code that ends in `ret`. */
  readonly customCodeBuffer: Uint8Array;
  /** The code gets the address of so many zeroed bytes in RCX; 0 for none. Below 1000. */
  readonly optionalRequestedBufferSize: number;
}

/** DEBUGGER_EVENT_ACTION_RUN_SCRIPT_CONFIGURATION. */
export interface RunScriptConfiguration {
  readonly scriptBuffer: Uint8Array;
  /** Number of symbols to execute. */
  readonly scriptPointer: number;
  /** Size of `$buffer`; 0 for none. Below 1000. */
  readonly optionalRequestedBufferSize: number;
}

type ActionType = (typeof ACTION_TYPE)[keyof typeof ACTION_TYPE];

const OPERATION = 'Adding the action';

/**
 * Adds an action to an event; the first one enables it. `sendTheResultsImmediately` false lets output wait for more, which is
 * the better choice at high rates. The parameter of another type of action must be null. Rejects with DriverError.
 */
export async function debuggerAddActionToEvent(
  event: DebuggerEvent,
  actionType: ActionType,
  sendTheResultsImmediately: boolean,
  inTheCaseOfCustomCode: CustomCodeRequest | null,
  inTheCaseOfRunScript: RunScriptConfiguration | null,
): Promise<void> {
  const action = actionOf(actionType, inTheCaseOfCustomCode, inTheCaseOfRunScript);
  await event.door.addAction(event.tag, action, sendTheResultsImmediately);
}

function actionOf(
  actionType: ActionType,
  code: CustomCodeRequest | null,
  script: RunScriptConfiguration | null,
): ActionRequest {
  switch (actionType) {
    case ACTION_TYPE.BREAK_TO_DEBUGGER:
      requireNull(code, 'inTheCaseOfCustomCode', 'a break');
      requireNull(script, 'inTheCaseOfRunScript', 'a break');
      return { kind: 'break' };
    case ACTION_TYPE.RUN_SCRIPT:
      requireNull(code, 'inTheCaseOfCustomCode', 'a script');
      return {
        kind: 'script',
        bytes: filled(script?.scriptBuffer),
        symbolCount: script?.scriptPointer ?? 0,
        bufferSizeBytes: script?.optionalRequestedBufferSize ?? 0,
      };
    case ACTION_TYPE.RUN_CUSTOM_CODE:
      requireNull(script, 'inTheCaseOfRunScript', 'custom code');
      return {
        kind: 'code',
        bytes: filled(code?.customCodeBuffer),
        bufferSizeBytes: code?.optionalRequestedBufferSize ?? 0,
      };
    default:
      throw refusal(OPERATION, DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ACTION_TYPE);
  }
}

function requireNull(value: object | null, parameter: string, what: string): void {
  if (value === null) return;
  const code = DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_ACTION_TYPE;
  throw new DriverError(
    OPERATION,
    code,
    `${parameter} must be null for ${what}; pass it for its own type only`,
  );
}

function filled(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined || bytes.length === 0)
    throw refusal(OPERATION, DEBUGGER_ERROR.DEBUGGER_ERROR_ACTION_BUFFER_SIZE_IS_ZERO);
  return bytes;
}
