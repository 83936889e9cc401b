/** Requests for hardware that an embedded machine does not have: each gets its answer with a refusal, so that nobody waits. */

import { ANSWER, REQUEST } from '../../kd/packets';
import { DEBUGGER_ERROR } from '../../sdk/tables.generated';
import type { Install } from './server-context';

const NO_SUCH_HARDWARE = DEBUGGER_ERROR.DEBUGGER_ERROR_DEBUGGER_NOT_INITIALIZED;

export function installUnavailableRequests(install: Install): void {
  // The stock client mutes breakpoints and events with it around shipped commands, which do not run here (8.4).
  install(REQUEST.testQuery, ({ send }, record) =>
    send(ANSWER.testQuery, { ...record, KernelStatus: DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL }),
  );
  install(REQUEST.cpuid, ({ send }, record) =>
    send(ANSWER.cpuid, { ...record, KernelStatus: NO_SUCH_HARDWARE }),
  );
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
  install(REQUEST.idt, ({ send }) => send(ANSWER.idt, { status: NO_SUCH_HARDWARE, handlers: undefined }));
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
