/** The scan of the stack for the debugger's call stack (driver-protocol 8.4). */

import { ANSWER, REQUEST } from '../../kd/packets';
import type { RecordWithTail } from '../../kd/packet';
import type { StructOf } from '../../sdk/layout';
import type {
  DEBUGGER_CALLSTACK_REQUEST,
  DEBUGGER_SINGLE_CALLSTACK_FRAME,
} from '../../sdk/structs.generated';
import { DEBUGGER_ERROR, REGS_ENUM, SDK } from '../../sdk/tables.generated';
import { isExecutableWalk } from '../machine-paging';
import type { Machine } from './machine';
import type { Install } from './server-context';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const NO_BYTES = new Uint8Array(0);
const CALL_BYTES = SDK.MAXIMUM_CALL_INSTR_SIZE;

type Frame = StructOf<typeof DEBUGGER_SINGLE_CALLSTACK_FRAME>;
type CallStack = RecordWithTail<StructOf<typeof DEBUGGER_CALLSTACK_REQUEST>, readonly Frame[]>;

/**
 * A record for each stack slot: its value, and the bytes before the address that it may be; the client keeps what follows
 * a call. The stock client asks from address 0 for the present stack pointer (recorded: `k`).
 */
export function scanStack(machine: Machine, { record, tail }: CallStack): CallStack {
  const slotBytes = record.Is32Bit ? 4 : 8;
  const base =
    record.BaseAddress === 0n ? (machine.readRegister(REGS_ENUM.REGISTER_RSP) ?? 0n) : record.BaseAddress;
  const frames = tail.map((_frame, index) =>
    frameAt(machine, BigInt.asUintN(64, base + BigInt(index * slotBytes)), slotBytes),
  );
  const KernelStatus =
    frames[0]?.IsStackAddressValid === true ? OK : DEBUGGER_ERROR.DEBUGGER_ERROR_UNABLE_TO_GET_CALLSTACK;
  return { record: { ...record, KernelStatus }, tail: frames };
}

function frameAt(machine: Machine, slot: bigint, slotBytes: number): Frame {
  const bytes = machine.memory.read(slot, slotBytes);
  const Value = bytes === undefined ? 0n : toNumber(bytes);
  const before = bytes && machine.memory.read(BigInt.asUintN(64, Value - BigInt(CALL_BYTES)), CALL_BYTES);
  const walk = before && machine.pageTableEntries(Value);
  return {
    IsStackAddressValid: bytes !== undefined,
    IsValidAddress: before !== undefined,
    IsExecutable: walk !== undefined && isExecutableWalk(walk),
    Value,
    InstructionBytesOnRip: before ?? NO_BYTES,
  };
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function installStackRequest(install: Install): void {
  install(REQUEST.callStack, ({ machine, send }, value) => send(ANSWER.callStack, scanStack(machine, value)));
}
