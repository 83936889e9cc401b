/**
 * Requests about the hardware (driver-protocol 6.5, 8.4). The machine has no APIC, no PCI bus, no system management mode and
 * no tracing: those get the SDK's refusal as their answer, so that nobody waits.
 */

import { ANSWER, REQUEST } from '../../kd/packets';
import { DEBUGGER_ERROR } from '../../sdk/tables.generated';
import { cpuidAnswer } from './cpuid-request';
import type { Install } from './server-context';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
/** The SDK has no code of its own for a missing bus or table. */
const NO_SUCH_HARDWARE = DEBUGGER_ERROR.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED;

export function installHardwareRequests(install: Install): void {
  install(REQUEST.cpuid, ({ machine, send }, record) => send(ANSWER.cpuid, cpuidAnswer(machine, record)));
  install(REQUEST.idt, ({ machine, send }) => {
    const handlers = machine.interruptHandlers();
    send(ANSWER.idt, { status: handlers === undefined ? NO_SUCH_HARDWARE : OK, handlers: handlers ?? [] });
  });
  install(REQUEST.apic, ({ send }, record) =>
    send(ANSWER.apic, {
      kind: 'none',
      record: { ...record, KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_APIC_ACTIONS_ERROR },
    }),
  );
  install(REQUEST.pciTree, ({ send }, record) =>
    send(ANSWER.pciTree, { ...record, KernelStatus: NO_SUCH_HARDWARE }),
  );
  install(REQUEST.pciDevice, ({ send }, record) =>
    send(ANSWER.pciDevice, { ...record, KernelStatus: NO_SUCH_HARDWARE }),
  );
  install(REQUEST.smi, ({ send }, record) =>
    send(ANSWER.smi, {
      ...record,
      KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_INVALID_SMI_OPERATION_PARAMETERS,
    }),
  );
  install(REQUEST.lbrDump, ({ send }, record) =>
    send(ANSWER.lbrDump, { ...record, KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_LBR_NOT_SUPPORTED }),
  );
  install(REQUEST.processorTrace, ({ send }, record) =>
    send(ANSWER.processorTrace, { ...record, KernelStatus: DEBUGGER_ERROR.DEBUGGER_ERROR_PT_NOT_SUPPORTED }),
  );
}
