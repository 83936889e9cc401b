import assert from 'node:assert/strict';
import type { HitHandler } from '../../../../driver/embedded/cpu/hot-addresses';
import { BenchMachine, CODE, DATA, requireLibrary, UNMAPPED } from './bench-machine';

const RAX = 0;
const RBX = 3;
/** start: inc rax; inc rdx; cmp rax, 64h; jne start; syscall */
const HUNDRED = '48ffc0 48ffc2 4883f864 75f4 0f05';
const SECOND = CODE + 3n;
const THIRD = CODE + 6n;
const SYSCALL = CODE + 12n;
const TRAP_FLAG = 0x100n;

describe('hot addresses', () => {
  let machine: BenchMachine;
  const make = (test: Mocha.Context, code = HUNDRED): BenchMachine => {
    machine = new BenchMachine(requireLibrary(test), code);
    machine.cpu.general.fill(0n);
    machine.cpu.general[RBX] = DATA;
    return machine;
  };
  afterEach(() => machine?.dispose());

  const heat = (addresses: readonly bigint[], handler: HitHandler): void => {
    machine.cpu.setExits(addresses, new Set(addresses));
    machine.cpu.onHit = handler;
  };

  it('are seen each time, in the order they run, with the registers of the moment', function () {
    const { cpu } = make(this);
    const seen: string[] = [];
    heat([CODE, SECOND, THIRD], (address) => {
      seen.push(`${address - CODE}:${cpu.general[RAX]},${cpu.general[2]}`);
      return 'pass';
    });
    assert.equal(cpu.run(0).kind, 'syscall');
    assert.deepEqual(seen.slice(0, 6), ['0:0,0', '3:1,0', '6:1,1', '0:1,1', '3:2,1', '6:2,2']);
    assert.equal(seen.length, 300);
    assert.deepEqual([cpu.rip, cpu.general[RAX], cpu.general[2]], [SYSCALL, 100n, 100n]);
    assert.equal(cpu.rflags & 0x10100n, 0n, 'trap and resume flag stay hidden');
  });

  it('are more than the CPU has debug registers, and can be replaced', function () {
    const { cpu } = make(this, `${'90'.repeat(20)} 0f05`);
    const seen: bigint[] = [];
    const handler: HitHandler = (address) => (seen.push(address - CODE), 'pass');
    const run = (...offsets: bigint[]): bigint[] => {
      seen.length = 0;
      heat(
        offsets.map((offset) => CODE + offset),
        handler,
      );
      cpu.rip = CODE;
      assert.equal(cpu.run(0).kind, 'syscall');
      return [...seen];
    };
    const many = [0n, 1n, 2n, 3n, 4n, 7n, 9n, 11n, 13n, 17n];
    assert.deepEqual(run(...many), many);
    assert.deepEqual(run(3n, 18n), [3n, 18n]);
    assert.deepEqual(run(), []);
    assert.deepEqual(run(...many), many);
  });

  it('leave the debug registers of the guest alone', function () {
    const { cpu } = make(this);
    heat([SECOND], () => 'pass');
    cpu.run(0);
    const registers = (['dr0', 'dr1', 'dr2', 'dr3'] as const).map((name) => cpu.engine.readRegister(name));
    assert.deepEqual(registers, [0n, 0n, 0n, 0n]);
    assert.equal(cpu.engine.readRegister('dr7') & 0xffn, 0n);
  });

  it('let the handler change registers', function () {
    const { cpu } = make(this);
    let hits = 0;
    heat([SECOND], () => {
      hits++;
      // The loop ends at 100.
      if (hits === 10) cpu.general[RAX] = 100n;
      return 'pass';
    });
    assert.equal(cpu.run(0).kind, 'syscall');
    assert.deepEqual([hits, cpu.general[2]], [10, 10n]);
  });

  it('end the run before the instruction when the handler leaves', function () {
    const { cpu } = make(this);
    let hits = 0;
    heat([SECOND], () => (++hits === 5 ? 'leave' : 'pass'));
    assert.equal(cpu.run(0).kind, 'exit address');
    assert.deepEqual([cpu.rip, cpu.general[RAX], cpu.general[2]], [SECOND, 5n, 4n]);
    assert.equal(cpu.step().kind, 'stepped');
    assert.deepEqual([cpu.rip, cpu.general[2]], [THIRD, 5n]);
    assert.equal(cpu.run(0).kind, 'syscall');
    assert.equal(hits, 100);
  });

  it('end the run as a hit when the handler has begun something, with what it has done to the registers', function () {
    const { cpu } = make(this);
    heat([SECOND], () => {
      cpu.general[RAX] = 0x63n;
      cpu.rflags |= 1n;
      return 'begun';
    });
    assert.equal(cpu.run(0).kind, 'hit');
    assert.deepEqual([cpu.rip, cpu.general[RAX], cpu.rflags & 1n], [SECOND, 0x63n, 1n]);
  });

  it('end the run as a hit when the handler has moved RIP', function () {
    const { cpu } = make(this);
    heat([SECOND], () => {
      cpu.rip = SYSCALL;
      return 'pass';
    });
    assert.equal(cpu.run(0).kind, 'hit');
    assert.equal(cpu.rip, SYSCALL);
    assert.equal(cpu.run(0).kind, 'syscall');
    assert.equal(cpu.general[RAX], 1n);
  });

  for (const [what, code, base, kind] of [
    ['faults', '488903 0f05', UNMAPPED, 'exception'],
    ['is an int3', 'cc', DATA, 'exception'],
    ['is none at all', '0f0b', DATA, 'invalid opcode'],
  ] as const) {
    it(`give the instruction back unfinished when it ${what}`, function () {
      const { cpu } = make(this, code);
      cpu.general[RBX] = base;
      let hits = 0;
      heat([CODE], () => (hits++, 'pass'));
      assert.equal(cpu.run(0).kind, 'hit');
      assert.deepEqual([cpu.rip, hits, cpu.rflags & 0x10100n], [CODE, 1, 0n]);
      assert.equal(cpu.step().kind, kind);
    });
  }

  it('report a system call there as one', function () {
    const { cpu } = make(this, '0f05');
    let hits = 0;
    heat([CODE], () => (hits++, 'pass'));
    assert.equal(cpu.run(0).kind, 'syscall');
    assert.deepEqual([cpu.rip, hits, cpu.rflags & 0x10100n], [CODE, 1, 0n]);
  });

  it('do not take the trap that the guest itself has set behind the instruction before', function () {
    const { cpu } = make(this, '90 90 90 0f05');
    let hits = 0;
    heat([CODE + 1n], () => (hits++, 'pass'));
    cpu.rflags |= TRAP_FLAG;
    const exit = cpu.run(0);
    assert.deepEqual([exit.kind, exit.kind === 'exception' && exit.vector], ['exception', 1]);
    assert.deepEqual([cpu.rip, hits], [CODE + 1n, 0]);
  });

  it('run each instruction once when the CPU is interrupted again and again', function () {
    // l: inc qword [rbx]; inc rax; jmp l
    const { cpu, memory, dataPage } = make(this, '48ff03 48ffc0 ebf8');
    let hits = 0n;
    heat([CODE], () => (hits++, 'pass'));
    for (let i = 0; i < 50; i++) {
      const exit = cpu.run(2000);
      const stored = memory.view.getBigUint64(dataPage, true);
      // An interrupted hit is seen once, and its instruction is still to run.
      const ahead = exit.kind === 'hit' ? 1n : 0n;
      assert.equal(hits, stored + ahead);
      if (exit.kind === 'hit') assert.equal(cpu.step().kind, 'stepped');
    }
    assert.ok(hits > 100n);
  });

  it('hold for all threads, whose states come and go', function () {
    const { cpu } = make(this);
    const other = cpu.createSaved();
    other.save();
    const seen: bigint[] = [];
    heat([SECOND], (address) => (seen.push(address), 'pass'));
    cpu.run(0);
    other.restore();
    cpu.run(0);
    assert.equal(seen.length, 200);
    heat([], () => 'pass');
    other.restore();
    assert.equal(cpu.run(0).kind, 'syscall');
    assert.equal(seen.length, 200);
    other.dispose();
  });
});
