import assert from 'node:assert/strict';
import type { CodeResult, SafeBuffer } from '../../../../driver/embedded/events/event-host';
import { BenchMachine, DATA, hex, requireLibrary } from './bench-machine';

describe('custom code', () => {
  let machine: BenchMachine;
  let registers: BigUint64Array;
  beforeEach(function () {
    machine = new BenchMachine(requireLibrary(this), '90');
    registers = BigUint64Array.from({ length: 16 }, (_, index) => 0x100n + BigInt(index));
  });
  afterEach(() => machine?.dispose());

  const buffer = (sizeBytes: number): SafeBuffer => {
    const address = machine.area.reserve(sizeBytes);
    return { address, sizeBytes, read: () => machine.area.read(address, sizeBytes) };
  };
  const run = (code: string, kind: 'condition' | 'action' = 'action', safe?: SafeBuffer): CodeResult =>
    machine.codeRunner.run(hex(code), kind, registers, 0x77n, safe);
  const error = (result: CodeResult): string => (result.ok ? 'no error' : result.error);

  it('gets RCX = buffer, RDX = GUEST_REGS, R8 = context, and its writes to GUEST_REGS come back', () => {
    const safe = buffer(64);
    // mov qword [rdx], 0x4142; mov [rcx], r8; mov rax, rcx; ret
    const result = run('48c702 42410000 4c8901 4889c8 c3', 'action', safe);
    assert.deepEqual(result, { ok: true, rax: safe.address });
    assert.equal(registers[0], 0x4142n);
    assert.equal(registers[5], 0x105n);
    assert.deepEqual([...safe.read().subarray(0, 8)], [0x77, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('gets RCX = 0 without a buffer', () => {
    assert.deepEqual(run('4889c8 c3'), { ok: true, rax: 0n });
  });

  it('gets RCX = GUEST_REGS and RDX = context as a condition', () => {
    assert.deepEqual(run('4889d0 c3', 'condition'), { ok: true, rax: 0x77n });
    assert.deepEqual(run('488b4128 c3', 'condition'), { ok: true, rax: 0x105n });
  });

  it('reads and writes the memory of the guest', () => {
    machine.memory.view.setBigUint64(machine.dataPage, 5n, true);
    // mov rax, 0x600000; inc qword [rax]; mov rax, [rax]; ret
    assert.deepEqual(run('48b8 0000600000000000 48ff00 488b00 c3'), { ok: true, rax: 6n });
    assert.equal(machine.memory.view.getBigUint64(machine.dataPage, true), 6n);
  });

  const failures: readonly (readonly [name: string, code: string, message: RegExp])[] = [
    ['an endless loop', 'ebfe', /did not return within 1000000 instructions/],
    ['a wild pointer', '31c0 8900 c3', /touched 0x0, which is not mapped .* at offset 0x2/],
    ['a bad opcode', '90 0f0b', /invalid opcode at offset 0x1/],
    ['a wild jump', '48b8 0000efbeadde0000 ffe0', /outside its own bytes/],
    ['a division by zero', '31c9 f7f1', /divided by zero at offset 0x2/],
    ['a system call', 'b83c000000 0f05 c3', /system call/],
    ['a halt', 'f4 c3', /halted the CPU/],
    ['a stack overflow', 'e8fbffffff', /touched 0xffff8000/],
    ['code that runs past its end', '90', /touched|outside|invalid/],
    ['mov cr3 with nonsense', '48b8 0000000000100000 0f22d8 8b00 c3', /touched|CPU|forbids|fault/],
  ];
  for (const [name, code, message] of failures) {
    it(`ends ${name} with a message, changes no register and goes on`, () => {
      const before = registers.slice();
      assert.match(error(run(code)), message);
      assert.deepEqual(registers, before);
      assert.deepEqual(run('48c702 01000000 31c0 c3'), { ok: true, rax: 0n });
      assert.equal(registers[0], 1n);
    });
  }

  it('starts every call with the same state', () => {
    // pxor/movq leave something in xmm0 and the flags; the next call must not see it
    assert.equal(run('48b8 ffffffffffffffff 66480f6ec0 fd c3').ok, true);
    // movq rax, xmm0; pushfq; pop rdx... : rax must be 0
    assert.deepEqual(run('66480f7ec0 c3'), { ok: true, rax: 0n });
  });

  it('sees what the guest has mapped since', () => {
    const page = machine.memory.allocatePage();
    const code = '48b8 0010600000000000 488b00 c3';
    assert.match(error(run(code)), /not mapped/);
    machine.memory.view.setBigUint64(page, 9n, true);
    machine.tables.map(DATA + 0x1000n, page, { user: true, write: true, execute: false });
    assert.deepEqual(run(code), { ok: true, rax: 9n });
    machine.tables.unmap(DATA + 0x1000n);
    assert.match(error(run(code)), /not mapped/);
  });
});
