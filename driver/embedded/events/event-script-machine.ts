/** The machine as a script in an event, or of the halted debugger, sees it. */

import { fault } from '../../../script-engine/evaluator/script-fault';
import type {
  ScriptMachine,
  ScriptMemory,
  ScriptServices,
} from '../../../script-engine/evaluator/script-machine';
import { FIRST_EVENT_TAG } from '../../kd/event-records';
import { DEBUGGER_ERROR, OPERATION, SDK } from '../../sdk/tables.generated';
import type { EventHost, SafeBuffer } from './event-host';

/** The event that a script runs for. */
export interface ScriptOccasion {
  readonly eventTag: bigint;
  readonly stage: 'pre' | 'post';
  readonly context: bigint;
  readonly buffer: SafeBuffer | undefined;
}

/** What a script can change about events; the event core. */
export interface EventSwitches {
  setShortCircuit(on: boolean): boolean;
  modify(tag: bigint, verb: 'enable' | 'disable' | 'clear'): { readonly status: number };
}

/** Made once for each script; `occasion` changes from run to run. */
export class EventScriptMachine implements ScriptMachine {
  readonly mode = 'kernel';
  readonly services: ScriptServices;
  /** undefined for a script of a debugger that no event has halted. */
  occasion: ScriptOccasion | undefined;

  constructor(
    readonly host: EventHost,
    switches: EventSwitches,
    readonly print: (text: string) => void,
  ) {
    this.services = servicesOf(host, switches, () => this.occasion);
  }

  get generalRegisters(): BigUint64Array {
    return this.host.generalRegisters;
  }
  get memory(): ScriptMemory {
    return this.host.memory;
  }
  readRegister(registerId: number): bigint {
    return this.host.readRegister(registerId);
  }
  writeRegister(registerId: number, value: bigint): void {
    this.host.writeRegister(registerId, value);
  }

  readPseudoRegister(pseudoRegisterId: number): bigint {
    const { occasion } = this;
    const { place } = this.host;
    switch (pseudoRegisterId) {
      case SDK.PSEUDO_REGISTER_PID:
        return BigInt(place.processId);
      case SDK.PSEUDO_REGISTER_TID:
        return BigInt(place.threadId);
      case SDK.PSEUDO_REGISTER_PNAME:
        return place.processNameAddress;
      case SDK.PSEUDO_REGISTER_CORE:
        return BigInt(place.coreId);
      case SDK.PSEUDO_REGISTER_PROC:
        return place.processObject;
      case SDK.PSEUDO_REGISTER_THREAD:
        return place.threadObject;
      case SDK.PSEUDO_REGISTER_TEB:
        return place.tebAddress;
      case SDK.PSEUDO_REGISTER_IP:
        return place.instructionPointer;
      case SDK.PSEUDO_REGISTER_BUFFER:
        return occasion?.buffer?.address ?? 0n;
      case SDK.PSEUDO_REGISTER_CONTEXT:
        return occasion?.context ?? 0n;
      case SDK.PSEUDO_REGISTER_EVENT_TAG:
        return occasion?.eventTag ?? 0n;
      case SDK.PSEUDO_REGISTER_EVENT_ID:
        return occasion === undefined ? 0n : occasion.eventTag - FIRST_EVENT_TAG;
      case SDK.PSEUDO_REGISTER_EVENT_STAGE:
        return occasion?.stage === 'post' ? 1n : 0n;
      case SDK.PSEUDO_REGISTER_DATE:
        return place.dateAddress;
      case SDK.PSEUDO_REGISTER_TIME:
        return place.timeAddress;
      default:
        return 0n;
    }
  }
}

function servicesOf(
  host: EventHost,
  switches: EventSwitches,
  currentOccasion: () => ScriptOccasion | undefined,
): ScriptServices {
  const warn = (text: string) => host.message(OPERATION.OPERATION_LOG_WARNING_MESSAGE, text);
  const modify = (verb: 'enable' | 'disable' | 'clear', eventId: bigint) => {
    host.scriptAsked?.({ kind: verb, eventId });
    const { status } = switches.modify(BigInt.asUintN(64, eventId + FIRST_EVENT_TAG), verb);
    if (status !== DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL)
      warn(`event_${verb} found no event 0x${eventId.toString(16)}; nothing was changed`);
  };
  const { traceStep } = host;
  return {
    ...(traceStep === undefined ? {} : { traceStep: (traceType) => traceStep.call(host, traceType) }),
    pause() {
      host.scriptAsked?.({ kind: 'pause' });
      const occasion = currentOccasion();
      if (occasion === undefined)
        warn('pause() has no effect in a script that runs while the target is halted');
      else host.halt({ eventTag: occasion.eventTag, stage: occasion.stage });
    },
    flush() {
      host.scriptAsked?.({ kind: 'flush' });
      host.flush();
    },
    shortCircuit(on) {
      host.scriptAsked?.({ kind: 'shortCircuit', on });
      // After the emulation there is nothing left to skip (driver-protocol 5.1).
      if (!switches.setShortCircuit(on)) warn('event_sc() has an effect only in the "pre" stage of an event');
    },
    enableEvent: (eventId) => modify('enable', eventId),
    disableEvent: (eventId) => modify('disable', eventId),
    clearEvent: (eventId) => modify('clear', eventId),
    injectInterrupt(vector, errorCode) {
      if (!host.injectInterrupt(vector, errorCode)) fault('this target cannot inject interrupts');
    },
    unavailable: (functionName) => `${functionName}() is not available on this target`,
  };
}
