import { DriverError } from '../../driver/driver-error';
import type { RegisterFile } from '../../driver/debuggee';
import { generalRegisterOrder } from '../../script-engine/catalog/registers';
import type { ArmedEvent } from '../arming/armed-events';
import type { CoreView } from './core-view';
import { evaluateExpression } from './expression';
import type { LiveTarget } from './live-target';
import { RequestError } from './request-error';

/** `$context` of the event that stopped the target; undefined where neither target nor registers tell it. */
export async function contextOf(
  live: LiveTarget,
  view: CoreView,
  event: ArmedEvent,
): Promise<bigint | undefined> {
  try {
    // A script that the debugger runs belongs to no event on some targets; then $context is 0 whatever happened.
    const tag = await evaluateExpression(live, '$event_tag');
    if (tag === event.tag) return await evaluateExpression(live, '$context');
  } catch (error) {
    if (!(error instanceof DriverError || error instanceof RequestError)) throw error;
  }
  return contextFromRegisters(event, await view.registers(), view.stop.stage ?? 'pre');
}

const ANY = 0xffff_ffffn;

/** The column "Ctx" of driver-protocol 5.6, as far as registers hold it. */
function contextFromRegisters(
  { plan }: ArmedEvent,
  registers: RegisterFile,
  stage: 'pre' | 'post',
): bigint | undefined {
  const general = (name: (typeof generalRegisterOrder)[number]): bigint =>
    registers.general[generalRegisterOrder.indexOf(name)] ?? 0n;
  const low32 = (value: bigint): bigint => BigInt.asUintN(32, value);
  const [first] = plan.options;
  switch (plan.type) {
    case 7: // HIDDEN_HOOK_EXEC_DETOURS
      return first;
    case 8: // HIDDEN_HOOK_EXEC_CC
    case 10: // SYSCALL_HOOK_EFER_SYSRET
      return registers.rip;
    case 9: // SYSCALL_HOOK_EFER_SYSCALL
      return stage === 'pre' ? general('rax') : undefined;
    case 11: // CPUID_INSTRUCTION_EXECUTION
      return stage === 'pre' ? low32(general('rax')) : undefined;
    case 12: // RDMSR_INSTRUCTION_EXECUTION
    case 13: // WRMSR_INSTRUCTION_EXECUTION
    case 27: // XSETBV_INSTRUCTION_EXECUTION
      return low32(general('rcx'));
    case 14: // IN_INSTRUCTION_EXECUTION
    case 15: // OUT_INSTRUCTION_EXECUTION
    case 16: // EXCEPTION_OCCURRED
    case 17: // EXTERNAL_INTERRUPT_OCCURRED
      return first === ANY ? undefined : first;
    default:
      return undefined;
  }
}
