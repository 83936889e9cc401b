import assert from 'node:assert/strict';
import { VMM_EVENT_TYPE_ENUM as TYPE } from '../../../../driver/sdk/tables.generated';
import { PAGE } from '../server/plain-machine';
import { setUp } from './event-bench';

describe('event core: what an occurrence is for (5.6)', () => {
  const cases: readonly (readonly [string, number, readonly bigint[], bigint, bigint])[] = [
    ['!epthook2', TYPE.HIDDEN_HOOK_EXEC_DETOURS, [0x401000n], 0x401000n, 0x401001n],
    ['!epthook', TYPE.HIDDEN_HOOK_EXEC_CC, [0x401000n], 0x401000n, 0x401001n],
    ['!syscall', TYPE.SYSCALL_HOOK_EFER_SYSCALL, [0x55n], 0x55n, 0x56n],
    ['!cpuid', TYPE.CPUID_INSTRUCTION_EXECUTION, [1n, 4n], 4n, 5n],
    ['!msrread', TYPE.RDMSR_INSTRUCTION_EXECUTION, [0xc0000082n], 0xc0000082n, 0xc0000080n],
    ['!msrwrite', TYPE.WRMSR_INSTRUCTION_EXECUTION, [0xc0000082n], 0xc0000082n, 0xc0000080n],
    ['!ioin', TYPE.IN_INSTRUCTION_EXECUTION, [0x3f8n], 0x3f8n, 0x3f9n],
    ['!ioout', TYPE.OUT_INSTRUCTION_EXECUTION, [0x3f8n], 0x3f8n, 0x3f9n],
    ['!exception', TYPE.EXCEPTION_OCCURRED, [14n], 14n, 13n],
    ['!interrupt', TYPE.EXTERNAL_INTERRUPT_OCCURRED, [0xd1n], 0xd1n, 0x2fn],
    ['!crwrite', TYPE.CONTROL_REGISTER_MODIFIED, [4n, 0xffn], 4n, 0n],
    ['!mode u', TYPE.TRAP_EXECUTION_MODE_CHANGED, [3n], 3n, 0n],
    ['!xsetbv', TYPE.XSETBV_INSTRUCTION_EXECUTION, [1n, 0n], 0n, 1n],
  ];
  for (const [command, type, options, inside, outside] of cases) {
    it(command, () => {
      const { core, event } = setUp();
      event({ type, options }, 1);
      const hits = (context: bigint) =>
        core.deliver({ kind: 'instruction', type, stage: 'pre', context }).hits.length;
      assert.deepEqual([hits(inside), hits(outside)], [1, 0]);
    });
  }

  const unfiltered: readonly (readonly [string, number, readonly bigint[]])[] = [
    ['!syscall of all', TYPE.SYSCALL_HOOK_EFER_SYSCALL, [0xffffffffn]],
    ['!sysret', TYPE.SYSCALL_HOOK_EFER_SYSRET, [0x55n]],
    ['!cpuid without filter', TYPE.CPUID_INSTRUCTION_EXECUTION, [0n, 4n]],
    ['!dr', TYPE.DEBUG_REGISTERS_ACCESSED, []],
    ['!tsc', TYPE.TSC_INSTRUCTION_EXECUTION, []],
    ['!pmc', TYPE.PMC_INSTRUCTION_EXECUTION, []],
    ['!vmcall', TYPE.VMCALL_INSTRUCTION_EXECUTION, []],
    ['!mode of both', TYPE.TRAP_EXECUTION_MODE_CHANGED, [1n]],
    ['!trace', TYPE.TRAP_EXECUTION_INSTRUCTION_TRACE, [1n]],
  ];
  for (const [command, type, options] of unfiltered) {
    it(command, () => {
      const { core, event } = setUp();
      event({ type, options }, 1);
      assert.equal(core.deliver({ kind: 'instruction', type, stage: 'pre', context: 3n }).hits.length, 1);
    });
  }

  for (const [letters, type] of [
    ['rwx', TYPE.HIDDEN_HOOK_READ_AND_WRITE_AND_EXECUTE],
    ['rw', TYPE.HIDDEN_HOOK_READ_AND_WRITE],
    ['rx', TYPE.HIDDEN_HOOK_READ_AND_EXECUTE],
    ['wx', TYPE.HIDDEN_HOOK_WRITE_AND_EXECUTE],
    ['r', TYPE.HIDDEN_HOOK_READ],
    ['w', TYPE.HIDDEN_HOOK_WRITE],
    ['x', TYPE.HIDDEN_HOOK_EXECUTE],
  ] as const) {
    it(`!monitor ${letters}`, () => {
      const { core, event } = setUp();
      event({ type, options: [PAGE, PAGE + 7n] }, 1);
      const hits = (access: 'r' | 'w' | 'x', context: bigint) =>
        core.deliver({ kind: 'access', access, stage: 'pre', context }).hits.length;
      for (const access of ['r', 'w', 'x'] as const)
        assert.equal(hits(access, PAGE + 7n), letters.includes(access) ? 1 : 0);
      for (const access of ['r', 'w', 'x'] as const) assert.equal(hits(access, PAGE + 8n), 0);
    });
  }
});
