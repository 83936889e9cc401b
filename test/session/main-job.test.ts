import assert from 'node:assert/strict';
import { projectFile } from '../project-root';
import { skipWithoutCpu } from '../skip';
import { GUEST_REGISTERS, type MainJobRecord, runMainJob } from './main-job';

describe('the main job, from a DAP client to the guest and back', () => {
  let record: MainJobRecord;

  before(async function () {
    skipWithoutCpu(this);
    this.timeout(60_000);
    record = await runMainJob({
      adapter: projectFile('dist/adapter.js'),
      program: projectFile('examples/guests/build/licence'),
      script: projectFile('examples/licence.hds'),
    });
  });

  it('arms the script and says the tags', () => {
    const tags = record.console.flatMap(({ text }) => text.match(/0x100000[0-9a-f]/g) ?? []);
    assert.deepEqual(tags, ['0x1000000', '0x1000001', '0x1000002']);
  });

  it('shows what the script prints, with values of the guest and the line', () => {
    const printed = record.console.filter(({ text }) => text.startsWith('checksum of'));
    assert.equal(printed.length, 1);
    assert.match(printed[0]!.text, /^checksum of GUEST-0000 \(10 characters\), called from 40[0-9a-f]+$/);
    assert.notEqual(printed[0]!.line, undefined);
  });

  it('stops where the script breaks, with the registers of the guest', () => {
    assert.equal(record.stops.length, 1);
    const stop = record.stops[0]!;
    assert.equal(stop.reason, 'event');
    assert.match(stop.description, /!epthook licence!verify/);
    assert.match(stop.thread, /^Core 0 .*process \d+, thread \d+/);
    assert.match(stop.frames[0]!, /verify/);
    assert.match(stop.frames[1]!, /main/);
    assert.deepEqual(
      stop.registers.map(({ name }) => name),
      GUEST_REGISTERS,
    );
    const valueOf = (name: string): bigint => BigInt(stop.registers.find((one) => one.name === name)!.value);
    assert.equal(valueOf('rsi'), 0x18b8217bn);
    assert.equal(valueOf('rdi'), checksumOf('GUEST-0000'));
  });

  it('disassembles around RIP', () => {
    const { instructions, rip } = record.stops[0]!;
    const at = instructions.findIndex(({ address }) => BigInt(address) === BigInt(rip));
    assert.ok(at > 0 && at < instructions.length - 1, JSON.stringify(instructions));
    assert.match(instructions[at]!.text, /^cmp\b/);
  });

  it('changes a register by custom code, so that the guest answers differently', () => {
    assert.equal(record.guestOutput, 'key GUEST-0000\nvalid key\n');
    assert.equal(record.exitCode, 0);
  });

  it('leaves nothing running', () => {
    assert.ok(record.isCleanEnd);
  });
});

/** The function of examples/guests/licence.c. */
function checksumOf(text: string): bigint {
  let sum = 5381;
  for (const byte of Buffer.from(text)) sum = (Math.imul(sum, 33) ^ byte) >>> 0;
  return BigInt(sum);
}
