import assert from 'node:assert/strict';
import type { ActionRequest } from '../../../driver/debuggee';
import { DriverError } from '../../../driver/driver-error';
import type { FieldPlace } from '../../../driver/sdk/layout';
import {
  DEBUGGER_EVENT_REQUEST_CUSTOM_CODE,
  DEBUGGER_GENERAL_ACTION,
} from '../../../driver/sdk/structs.generated';
import { DEBUGGER_ERROR as ERROR } from '../../../driver/sdk/tables.generated';
import { evaluateInUserMode } from '../../../script-engine/conformance/user-mode';
import { skipWithoutCpu } from '../../skip';
import { buildGuest, type GuestProgram } from './guest-programs';
import { BREAK, code, Session } from './session';

/** Calls visit(1), visit(2), visit(3); its exit code is twice the sum of what came back in a vector register. */
const SOURCE = `
__attribute__((noinline)) long visit(long n) { __asm__ volatile("" : "+r"(n)); return n; }
__attribute__((noinline)) double scaled(double x) { __asm__ volatile("" : "+x"(x)); return x + x; }
int main(void) { double sum = 0; for (long i = 1; i <= 3; i++) { visit(i); sum += scaled((double)i); } return (int)sum; }`;
const UNCHANGED = 12;
const RET = 'c3';

/** The page about actions, row by row (numbers of the rows); rows 14 to 18 and 21 are in the tests of the device. */
describe('the page about actions', () => {
  let guest: GuestProgram;
  let session: Session;
  let visit: bigint;

  before(function () {
    skipWithoutCpu(this);
    guest = buildGuest(this, SOURCE);
    visit = guest.symbol('visit');
  });
  beforeEach(async () => {
    session = await Session.start(guest.file);
  });
  afterEach(() => session.dispose());

  const ends = async (exitCode = UNCHANGED): Promise<void> =>
    assert.equal((await session.finish()).code, exitCode);
  const refuses = (action: ActionRequest, status: number): Promise<void> =>
    assert.rejects(
      session.hook(visit, action),
      (error) => error instanceof DriverError && error.code === status,
    );

  it('row 1: break, script and code of one event run in the documented order, last added first', async () => {
    // lea rax, [rdi*2]; mov [rdx+38h], rax; ret: RDI doubles before the script, added earlier, sees it.
    await session.hook(
      visit,
      BREAK,
      session.script('printf("%x", @rdi);'),
      code('488b4238 4801c0 48894238 c3'),
    );
    const stop = await session.resume();
    assert.deepEqual(session.messages, ['2']);
    assert.equal(stop?.rip, visit);
    await session.debuggee.modifyEvent('all', 'clear');
    await ends();
  });

  it('row 2: the same buffer runs in user mode and in the driver, with the same output', async () => {
    const source =
      'x = 5 * @rdi + 3; for (i = 0; i < 4; i = i + 1) { x = x ^ (i << 2); } printf("%llx %d", x, x);';
    await session.hook(visit, session.script(source));
    await ends();
    const expected = [1, 2, 3].map((rdi) => evaluateInUserMode(source, { regs: { rdi: `0x${rdi}` } }).output);
    assert.deepEqual(session.messages, expected);
  });

  it('rows 6 and 11: the records have the offsets of the SDK', () => {
    const offsets = ({ fields }: { fields: readonly FieldPlace[] }) =>
      fields.map(({ byteOffset }) => byteOffset);
    assert.deepEqual(offsets(DEBUGGER_GENERAL_ACTION), [0, 8, 12, 16, 20, 24, 28]);
    assert.equal(DEBUGGER_GENERAL_ACTION.sizeBytes, 32);
    assert.deepEqual(offsets(DEBUGGER_EVENT_REQUEST_CUSTOM_CODE), [0, 8, 16]);
  });

  it('rows 8 and 19: code runs without a break, with buffer, registers and context in RCX, RDX and R8', async () => {
    // mov [rcx], rcx; mov [rcx+8], rdx; mov [rcx+10h], r8; mov rax, rcx; ret
    await session.hook(visit, code('488909 48895108 4c894110 4889c8 c3', 0x18));
    await ends();
    assert.equal(session.buffers.length, 3);
    const [rcx, rdx, r8] = new BigUint64Array(session.buffers[0]!.slice().buffer);
    assert.notEqual(rcx, 0n);
    assert.notEqual(rdx, 0n);
    assert.equal(r8, visit);
  });

  it('row 9: 64 KiB of code are accepted', async () => {
    const nops = Buffer.alloc(64 << 10, 0x90);
    nops[nops.length - 1] = 0xc3;
    await session.hook(visit, { kind: 'code', bytes: new Uint8Array(nops), bufferSizeBytes: 0 });
    await ends();
    assert.deepEqual(session.errors, []);
  });

  it('row 10: code without ret ends with a message, and the guest goes on', async () => {
    await session.hook(visit, code('90'));
    await ends();
    assert.equal(session.errors.length, 3);
  });

  it('row 12: a buffer has one address for the life of its event, and keeps what is in it', async () => {
    // inc qword [rcx]; mov rax, rcx; ret
    await session.hook(visit, code('48ff01 4889c8 c3', 8), session.script('printf("%llx", $buffer);', 8));
    await ends();
    assert.deepEqual(
      session.buffers.map((bytes) => bytes[0]),
      [1, 2, 3],
    );
    assert.equal(new Set(session.messages).size, 1);
  });

  it('row 13: a buffer of 3e7 bytes is given, one of 3e8 refused', async () => {
    await session.hook(visit, code(RET, 0x3e7));
    await refuses(
      code(RET, 0x3e8),
      ERROR.DEBUGGER_ERROR_INSTANT_EVENT_REQUESTED_OPTIONAL_BUFFER_IS_BIGGER_THAN_DEBUGGERS_SEND_RECEIVE_STACK,
    );
  });

  it('row 18: an event is added while the target is halted, and fires', async () => {
    await session.hook(visit, BREAK);
    await session.resume();
    await session.hook(guest.symbol('scaled'), session.script('printf("late");'));
    await session.debuggee.modifyEvent(0x100_0000n, 'clear');
    await ends();
    assert.deepEqual(session.messages, ['late', 'late', 'late']);
  });

  it('row 20: without a buffer RCX is 0', async () => {
    // mov [rdx+38h], rcx; ret: the program's RDI becomes what RCX was.
    await session.hook(visit, session.script('printf("%llx", @rdi);'), code('48894a38 c3'));
    await ends();
    assert.deepEqual(session.messages, ['0', '0', '0']);
  });

  it('row 22: what code writes to GUEST_REGS is in the guest when it goes on', async () => {
    await session.hook(visit, BREAK, code('48c7423807000000 c3'));
    await session.resume();
    await session.debuggee.modifyEvent('all', 'clear');
    assert.equal((await session.debuggee.readRegisters()).general[7], 7n);
    await ends();
  });

  it('row 24: GUEST_REGS has its sixteen registers in the documented order', async () => {
    const names = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
    // mov rax, [rdx+offset]; mov [rcx], rax; mov rax, rcx; ret
    for (const [index, name] of names.entries()) {
      const offset = (8 * index).toString(16).padStart(2, '0');
      await session.hook(
        visit,
        session.script(`printf("%llx", @${name});`),
        code(`488b42${offset} 488901 4889c8 c3`, 8),
      );
    }
    await session.hook(visit, BREAK);
    await session.resume();
    await session.debuggee.modifyEvent('all', 'clear');
    await ends();
    const seen = session.buffers.slice(0, names.length).map((bytes) => {
      return new DataView(bytes.slice().buffer).getBigUint64(0, true).toString(16);
    });
    assert.deepEqual(seen, session.messages.slice(0, names.length));
  });

  it('row 25: other registers that code changes directly stay changed in the guest', async () => {
    // addsd xmm0, xmm0; ret: the argument of scaled() doubles, and so does the exit code.
    await session.hook(guest.symbol('scaled'), code('f20f58c0 c3'));
    await ends(2 * UNCHANGED);
  });

  it("row 25: code finds the guest's debug registers and leaves its own values there", async () => {
    // mov rax, 1234h; mov dr2, rax; ret
    await session.hook(visit, BREAK, code('48c7c034120000 0f23d0 c3'));
    await session.resume();
    // mov rax, dr2; mov [rcx], rax; mov rax, rcx; ret
    await session.debuggee.modifyEvent('all', 'clear');
    await session.hook(guest.symbol('scaled'), code('0f21d0 488901 4889c8 c3', 8));
    await ends();
    assert.deepEqual([...session.buffers[0]!.subarray(0, 2)], [0x34, 0x12]);
  });
});
