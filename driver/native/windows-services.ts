/** Privileges of this process, and the service manager's functions for a kernel driver: one call of Windows each. */

import { isInvalid, windowsCalls, type Handle } from './windows-library';

const ALL_ACCESS_TO_MANAGER = 0xf003f;
const ALL_ACCESS_TO_SERVICE = 0xf01ff;
const KERNEL_DRIVER = 1;
const DEMAND_START = 3;
const NORMAL_ERROR_CONTROL = 1;
const CONTROL_STOP = 1;
const STATUS_BYTES = 28;
const STATE_OFFSET = 4;

const ADJUST_AND_QUERY = 0x28;
const PRIVILEGE_ENABLED = 2;
const LUID_BYTES = 8;
const TOKEN_PRIVILEGES_BYTES = 16;

export const SERVICE_STATE = { stopped: 1, startPending: 2, stopPending: 3, running: 4 } as const;

export interface ServiceAnswer {
  /** Windows error number; 0 is success. */
  readonly status: number;
  /** SERVICE_STATE after the call, where the call tells it. */
  readonly state: number | undefined;
}

function withService(name: string, call: (service: Handle) => ServiceAnswer): ServiceAnswer {
  return withManager((manager) => {
    const calls = windowsCalls();
    const service = calls.openService(manager, name, ALL_ACCESS_TO_SERVICE);
    if (isInvalid(service)) return failed();
    const answer = call(service);
    calls.closeService(service);
    return answer;
  });
}

function withManager(call: (manager: Handle) => ServiceAnswer): ServiceAnswer {
  const calls = windowsCalls();
  const manager = calls.openServiceManager(null, null, ALL_ACCESS_TO_MANAGER);
  if (isInvalid(manager)) return failed();
  const answer = call(manager);
  calls.closeService(manager);
  return answer;
}

function failed(): ServiceAnswer {
  return { status: windowsCalls().lastError(), state: undefined };
}

function done(succeeded: number, state?: number): ServiceAnswer {
  return succeeded === 0 ? failed() : { status: 0, state };
}

const stateOf = (status: Uint8Array) => new DataView(status.buffer).getUint32(STATE_OFFSET, true);

export function createDriverService(name: string, file: string): ServiceAnswer {
  return withManager((manager) => {
    const calls = windowsCalls();
    const service = calls.createService(
      ...([manager, name, name, ALL_ACCESS_TO_SERVICE, KERNEL_DRIVER, DEMAND_START] as const),
      ...([NORMAL_ERROR_CONTROL, file, null, null, null, null, null] as const),
    );
    if (isInvalid(service)) return failed();
    calls.closeService(service);
    return { status: 0, state: SERVICE_STATE.stopped };
  });
}

export function startDriverService(name: string): ServiceAnswer {
  return withService(name, (service) => done(windowsCalls().startService(service, 0, null)));
}

export function stopDriverService(name: string): ServiceAnswer {
  const status = new Uint8Array(STATUS_BYTES);
  return withService(name, (service) =>
    done(windowsCalls().controlService(service, CONTROL_STOP, status), stateOf(status)),
  );
}

export function queryDriverService(name: string): ServiceAnswer {
  return withService(name, (service) => {
    const status = new Uint8Array(STATUS_BYTES);
    const succeeded = windowsCalls().queryService(service, status);
    return done(succeeded, stateOf(status));
  });
}

export function deleteDriverService(name: string): ServiceAnswer {
  return withService(name, (service) => done(windowsCalls().deleteService(service)));
}

/** Enables a privilege that this process has. Resolves with a Windows error number: 1300 when it does not have it. */
export function enablePrivilege(name: string): number {
  const calls = windowsCalls();
  const token: [Handle | null] = [null];
  if (calls.openProcessToken(calls.currentProcess(), ADJUST_AND_QUERY, token) === 0) return calls.lastError();
  const handle = token[0];
  if (handle === null) return calls.lastError();
  try {
    const luid = new Uint8Array(LUID_BYTES);
    if (calls.lookupPrivilege(null, name, luid) === 0) return calls.lastError();
    const privileges = new Uint8Array(TOKEN_PRIVILEGES_BYTES);
    const view = new DataView(privileges.buffer);
    view.setUint32(0, 1, true);
    privileges.set(luid, 4);
    view.setUint32(4 + LUID_BYTES, PRIVILEGE_ENABLED, true);
    const adjusted = calls.adjustPrivileges(handle, 0, privileges, 0, null, null);
    // Success with an error number is how Windows says that the privilege was not there to enable.
    return adjusted === 0 ? calls.lastError() || 1 : calls.lastError();
  } finally {
    calls.closeHandle(handle);
  }
}
