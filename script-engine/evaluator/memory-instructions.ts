/** Loads, stores, copies and interlocked operations (script-language 7, 9): every address is checked. */

import { AddressSpace } from '../catalog/opcodes';
import { scriptLimits } from '../catalog/keywords';
import type { Execution } from './execution';
import type { Handler, HandlerGroup } from './instruction-table';
import { bytesOf, numberOf } from './script-addresses';
import { fault, hex } from './script-fault';

const STACK_BYTES = scriptLimits.maxStackSlots * 8;
const LARGEST_COPY = 0xffff_ffffn;

export function unreadable(address: bigint, sizeBytes: number | bigint): never {
  return fault(`the ${sizeBytes} bytes at ${hex(address)} cannot be read`);
}

export function unwritable(address: bigint, sizeBytes: number | bigint): never {
  return fault(`the ${sizeBytes} bytes at ${hex(address)} cannot be written`);
}

function load(run: Execution, address: bigint, sizeBytes: number): bigint {
  return run.addresses.readNumber(address, sizeBytes) ?? unreadable(address, sizeBytes);
}

function store(run: Execution, address: bigint, value: bigint, sizeBytes: number): void {
  if (!run.addresses.writeNumber(address, value, sizeBytes)) unwritable(address, sizeBytes);
}

function reading(sizeBytes: number, shift = 0n): Handler {
  return (run) => {
    const address = run.take();
    run.write(run.operand(), load(run, address, sizeBytes) >> shift);
  };
}

/** 1 when it was written, 0 when the address is invalid. */
function editing(sizeBytes: number): Handler {
  return (run) => {
    const value = run.take();
    const address = run.take();
    run.write(run.operand(), run.addresses.writeNumber(address, value, sizeBytes) ? 1n : 0n);
  };
}

/** `give` gets the old value and answers the new one and the result. */
function interlocked(
  operandCount: number,
  give: (old: bigint, operands: readonly bigint[]) => { readonly stored: bigint; readonly result: bigint },
): Handler {
  return (run) => {
    const operands: bigint[] = [];
    for (let index = 0; index < operandCount; index++) operands.push(run.take());
    const address = run.take();
    const destination = run.operand();
    const { stored, result } = give(load(run, address, 8), operands);
    store(run, address, stored, 8);
    run.write(destination, result);
  };
}

/** Checks what the compiler promises of an address and its space. */
function checkSpace(run: Execution, address: bigint, space: bigint, sizeBytes: bigint): void {
  if (space === BigInt(AddressSpace.REMOTE)) return;
  if (space !== BigInt(AddressSpace.LOCAL)) fault(`there is no address space ${space}`);
  const offset = address - run.session.bases.stack;
  if (offset < 0n || offset + sizeBytes > BigInt(STACK_BYTES)) {
    fault(`${hex(address)} lies outside the script stack`);
  }
}

function scalarSize(size: bigint): number {
  if (size !== 1n && size !== 2n && size !== 4n && size !== 8n) fault(`no scalar has ${size} bytes`);
  return Number(size);
}

function typedLoad(run: Execution): void {
  const address = run.take();
  const space = run.take();
  const size = run.take();
  const destination = run.operand();
  const sizeBytes = scalarSize(size);
  checkSpace(run, address, space, size);
  run.write(destination, load(run, address, sizeBytes));
}

function typedStore(run: Execution): void {
  const value = run.take();
  const address = run.take();
  const space = run.take();
  const size = run.take();
  const sizeBytes = scalarSize(size);
  checkSpace(run, address, space, size);
  store(run, address, value, sizeBytes);
}

function copySize(run: Execution, size: bigint): number {
  if (size > LARGEST_COPY) fault(`${size} bytes are more than one copy may take`);
  const sizeBytes = Number(size);
  if (!run.addresses.spend(sizeBytes)) fault('the script copies more memory than one run may');
  return sizeBytes;
}

function copy(run: Execution, source: bigint, destination: bigint, size: bigint): void {
  const sizeBytes = copySize(run, size);
  const bytes = run.addresses.read(source, sizeBytes) ?? unreadable(source, size);
  // The source may lie in the destination: `slice` takes a copy first.
  if (!run.addresses.write(destination, bytes.slice())) unwritable(destination, size);
}

function memcpyCount(count: bigint): bigint {
  if (count === 0n || count > LARGEST_COPY) fault(`memcpy of ${count} bytes: 1 to 0xffffffff are possible`);
  return count;
}

function memcpyPhysical(run: Execution): void {
  const count = run.take();
  const source = run.take();
  const destination = run.take();
  if (refusedPhysical(run, 'functions', 'memcpy_pa')) return;
  const sizeBytes = copySize(run, memcpyCount(count));
  const { memory } = run.machine;
  const bytes = memory.readPhysical(source, sizeBytes) ?? unreadable(source, count);
  if (!memory.writePhysical(destination, bytes.slice())) unwritable(destination, count);
}

function refusedPhysical(run: Execution, what: 'keywords' | 'functions', name: string): boolean {
  if (run.isUserMode)
    run.machine.print(`err, using physical address ${what} (${name}) is not possible in user-mode\n`);
  return run.isUserMode;
}

function readingPhysical(
  name: string,
  sizeBytes: number,
  shift = 0n,
  mask = 0xffff_ffff_ffff_ffffn,
): Handler {
  return (run) => {
    const address = run.take();
    const destination = run.operand();
    if (refusedPhysical(run, 'keywords', name)) {
      run.write(destination, 0n);
      return;
    }
    const bytes = run.machine.memory.readPhysical(address, sizeBytes);
    if (bytes === undefined) fault(`the ${sizeBytes} bytes at physical ${hex(address)} cannot be read`);
    run.write(destination, (numberOf(bytes) >> shift) & mask);
  };
}

/** Upstream has no case for these two: it goes on with their operands as if they were instructions. */
function missingUpstream(handler: Handler): Handler {
  return (run) => {
    if (!run.upstreamFaults) handler(run);
  };
}

function editingPhysical(name: string, sizeBytes: number): Handler {
  return (run) => {
    const value = run.take();
    const address = run.take();
    const destination = run.operand();
    const written =
      !refusedPhysical(run, 'functions', name) &&
      run.machine.memory.writePhysical(address, bytesOf(value, sizeBytes));
    run.write(destination, written ? 1n : 0n);
  };
}

function translating(translate: (run: Execution, address: bigint) => bigint | undefined): Handler {
  return (run) => {
    const address = run.take();
    const translated = run.isUserMode ? undefined : translate(run, address);
    run.write(run.operand(), translated ?? 0n);
  };
}

export const memoryInstructions: HandlerGroup = {
  POI: reading(8),
  DB: reading(1),
  DW: reading(2),
  DD: reading(4),
  DQ: reading(8),
  HI: reading(4, 16n),
  LOW: reading(2),
  EB: editing(1),
  ED: editing(4),
  EQ: editing(8),
  CHECK_ADDRESS: (run) => {
    const address = run.take();
    run.write(run.operand(), run.addresses.read(address, 1) === undefined ? 0n : 1n);
  },
  INTERLOCKED_INCREMENT: interlocked(0, (old) => ({ stored: old + 1n, result: old + 1n })),
  INTERLOCKED_DECREMENT: interlocked(0, (old) => ({ stored: old - 1n, result: old - 1n })),
  INTERLOCKED_EXCHANGE: interlocked(1, (old, [value = 0n]) => ({ stored: value, result: old })),
  INTERLOCKED_EXCHANGE_ADD: interlocked(1, (old, [value = 0n]) => ({ stored: old + value, result: old })),
  INTERLOCKED_COMPARE_EXCHANGE: interlocked(2, (old, [comparand, exchange = 0n]) => ({
    stored: old === comparand ? exchange : old,
    result: old,
  })),
  TYPED_LOAD: typedLoad,
  TYPED_STORE: typedStore,
  AGGREGATE_COPY: (run) => {
    const destination = run.take();
    const destinationSpace = run.take();
    const source = run.take();
    const sourceSpace = run.take();
    const size = run.take();
    checkSpace(run, destination, destinationSpace, size);
    checkSpace(run, source, sourceSpace, size);
    copy(run, source, destination, size);
  },
  AGGREGATE_ZERO: (run) => {
    const address = run.take();
    const space = run.take();
    const size = run.take();
    checkSpace(run, address, space, size);
    const sizeBytes = copySize(run, size);
    if (run.addresses.read(address, sizeBytes) === undefined) unwritable(address, size);
    if (!run.addresses.write(address, new Uint8Array(sizeBytes))) unwritable(address, size);
  },
  MEMCPY: (run) => {
    const count = run.take();
    const source = run.take();
    const destination = run.take();
    copy(run, source, destination, memcpyCount(count));
  },
  MEMCPY_PA: memcpyPhysical,
  POI_PA: readingPhysical('poi_pa', 8),
  HI_PA: missingUpstream(readingPhysical('hi_pa', 8, 16n, 0xffffn)),
  LOW_PA: missingUpstream(readingPhysical('low_pa', 8, 0n, 0xffffn)),
  DB_PA: readingPhysical('db_pa', 1),
  DW_PA: readingPhysical('dw_pa', 2),
  DD_PA: readingPhysical('dd_pa', 4),
  DQ_PA: readingPhysical('dq_pa', 8),
  EB_PA: editingPhysical('eb_pa', 1),
  ED_PA: editingPhysical('ed_pa', 4),
  EQ_PA: editingPhysical('eq_pa', 8),
  PHYSICAL_TO_VIRTUAL: translating((run, address) => run.machine.memory.physicalToVirtual(address)),
  VIRTUAL_TO_PHYSICAL: translating((run, address) => run.machine.memory.virtualToPhysical(address)),
};
