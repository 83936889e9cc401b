import assert from 'node:assert/strict';
import { BenchMachine, CODE, DATA, requireLibrary, UNMAPPED } from './bench-machine';

const RAX = 0;
const RBX = 3;
/** inc rax; inc rdx; mov [rbx], rax; syscall; jmp start */
const LOOP = '48ffc0 48ffc2 488903 0f05 ebf3';
const STORE = CODE + 6n;
const SYSCALL = CODE + 9n;

describe('the embedded CPU', () => {
  let machine: BenchMachine;
  const make = (test: Mocha.Context, code = LOOP): BenchMachine => {
    machine = new BenchMachine(requireLibrary(test), code);
    machine.cpu.general[RBX] = DATA;
    machine.cpu.general[RAX] = 0n;
    return machine;
  };
  afterEach(() => machine?.dispose());

  it('is in ring 3 after the iretq of the stub: cli is forbidden', function () {
    const { cpu } = make(this, 'fa90');
    assert.equal(cpu.engine.readRegister('cs'), 0x33n);
    const exit = cpu.run(0);
    assert.deepEqual([exit.kind, exit.kind === 'exception' && exit.vector], ['exception', 13]);
  });

  it('stops before an exit address, also at the start of a page without a page before it', function () {
    const { cpu } = make(this);
    cpu.setExits([CODE + 3n]);
    assert.equal(cpu.run(0).kind, 'exit address');
    assert.deepEqual([cpu.rip, cpu.general[RAX]], [CODE + 3n, 1n]);
    cpu.setExits([CODE]);
    assert.equal(cpu.run(0).kind, 'syscall');
    cpu.rip += 2n;
    assert.equal(cpu.run(0).kind, 'exit address');
    assert.equal(cpu.rip, CODE);
  });

  it('reports a system call with RIP at the instruction', function () {
    const { cpu } = make(this);
    assert.equal(cpu.run(0).kind, 'syscall');
    assert.equal(cpu.rip, SYSCALL);
    cpu.leaveSystemCall();
    assert.deepEqual([cpu.rip, cpu.general[1]], [SYSCALL + 2n, SYSCALL + 2n]);
  });

  it('steps one instruction at a time, over exit addresses and after a free run', function () {
    const { cpu } = make(this);
    cpu.run(0);
    cpu.rip = CODE;
    cpu.setExits([CODE, CODE + 3n]);
    const addresses = [1, 2, 3].map(() => [cpu.step().kind, cpu.rip]);
    assert.deepEqual(addresses, [
      ['stepped', CODE + 3n],
      ['stepped', CODE + 6n],
      ['stepped', CODE + 9n],
    ]);
    assert.equal(cpu.rflags & 0x100n, 0n, 'the trap flag stays hidden');
  });

  it('reports a thousand page faults in a row as page faults, with their error code', function () {
    const { cpu } = make(this);
    cpu.general[RBX] = UNMAPPED;
    for (let i = 0; i < 1000; i++) {
      cpu.rip = STORE;
      const exit = cpu.run(0);
      assert.equal(exit.kind === 'exception' && exit.vector, 14);
      assert.equal(exit.kind === 'exception' && exit.errorCode, 6);
      assert.equal(cpu.engine.readRegister('cr2'), UNMAPPED);
    }
  });

  it('faults before an access to a watched page and can run it unwatched', function () {
    const { cpu, memory, tables, dataPage } = make(this);
    tables.watch(DATA + 8n, 'write');
    const exit = cpu.run(0);
    assert.deepEqual(exit, { kind: 'exception', vector: 14, errorCode: 7, isSoftware: false });
    assert.equal(cpu.rip, STORE);
    assert.equal(tables.isWatched(DATA, 'write'), true);
    assert.equal(tables.isWritable(DATA), true, 'everybody but the CPU sees the true entry');
    assert.equal(memory.view.getBigUint64(dataPage, true), 0n);
    const step = (): string => {
      cpu.flushTlb();
      return cpu.step().kind;
    };
    assert.equal(tables.unwatched(DATA, step), 'stepped');
    assert.equal(memory.view.getBigUint64(dataPage, true), 1n);
    cpu.rip = STORE;
    cpu.flushTlb();
    assert.equal(cpu.run(0).kind, 'exception', 'the watch is back after the step');
    tables.watch(DATA, undefined);
    cpu.flushTlb();
    assert.equal(cpu.run(0).kind, 'syscall');
  });

  it('faults before a read of a page that is watched for both', function () {
    const { cpu, tables } = make(this, '488b03 90');
    tables.watch(DATA, 'read and write');
    const exit = cpu.run(0);
    assert.deepEqual([exit.kind, exit.kind === 'exception' && exit.errorCode], ['exception', 4]);
    assert.equal(tables.isWatched(DATA, 'read'), true);
  });

  it('reports an invalid opcode', function () {
    assert.equal(make(this, '0f0b').cpu.run(0).kind, 'invalid opcode');
  });

  it('comes back from an endless loop when the time is over, between instructions', function () {
    // l: inc qword [rbx]; inc rax; jmp l: a stop inside the read-modify-write would run it twice
    const { cpu, memory, dataPage } = make(this, '48ff03 48ffc0 ebf8');
    for (let i = 0; i < 20; i++) {
      assert.equal(cpu.run(2000).kind, 'interrupted');
      const stored = memory.view.getBigUint64(dataPage, true);
      const ahead = cpu.rip === CODE + 3n ? 1n : 0n;
      assert.equal(stored, (cpu.general[RAX] ?? 0n) + ahead);
    }
  });
});
