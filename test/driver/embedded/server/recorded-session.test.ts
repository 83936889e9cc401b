import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startEmbeddedMachine, type EmbeddedMachine } from '../../../../driver/embedded/embedded-machine';
import type { KdFrame } from '../../../../driver/kd/frame';
import type { Packet } from '../../../../driver/kd/packet';
import { ANSWER, packetByAction, REQUEST } from '../../../../driver/kd/packets';
import { ALL_REGISTERS } from '../../../../driver/kd/special-payloads';
import { DEBUGGER_ERROR, KD_RESPONSE, OPERATION } from '../../../../driver/sdk/tables.generated';
import { projectFile } from '../../../project-root';
import { skipWithoutCpu } from '../../../skip';
import { buildGuest } from '../guest-programs';
import { ANSWER_LIMIT_MS, WireClient } from '../wire-client';

interface RecordedCommand {
  readonly command: string;
  readonly frames: readonly {
    readonly dir: string;
    readonly hex: string;
    readonly summary: { readonly type: number; readonly action: number };
  }[];
}

const LOOP = `
volatile unsigned long rounds;
__attribute__((noinline)) void turn(void) { rounds++; }
int main(void) { for (;;) turn(); }`;

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const STATUSES = new Set<number>(Object.values(DEBUGGER_ERROR));
/** A step over a call that the guest never makes ends when the user pauses. */
const STEP_LIMIT_MS = 60;
const responses = new Map(KD_RESPONSE);

const folder = projectFile('test/vectors/kd');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name,
    commands: JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as RecordedCommand[],
  }));

/** The SDK status of an answer, wherever its record has it. */
function statusOf(frame: KdFrame): number | undefined {
  const value = (packetByAction(frame.action) as Packet<unknown>).decode(frame.payload);
  const record = ((value as { record?: object } | undefined)?.record ?? value) as Record<string, unknown>;
  if (record['IsSuccessful'] !== undefined)
    return record['IsSuccessful'] === true ? OK : Number(record['Error']);
  const status = record['KernelStatus'] ?? record['Result'] ?? record['status'];
  return status === undefined ? undefined : Number(status);
}

/** Plays the debuggee's part of one recorded command; gives the statuses of the answers back. */
async function replay(client: WireClient, { command, frames }: RecordedCommand): Promise<number[]> {
  const statuses: number[] = [];
  client.frames.length = 0;
  for (const { dir, hex, summary } of frames) {
    if (dir !== 'to-debuggee') continue;
    // The break key means something to a running target only.
    const isBreak = summary.action === REQUEST.pause.action;
    if (isBreak && client.isHalted) {
      client.send(REQUEST.continue, undefined);
      client.isHalted = false;
    }
    const { action } = summary;
    const runs = [REQUEST.continue.action, REQUEST.step.action].includes(action);
    if (runs || isBreak) client.isHalted = false;
    client.sendBytes(Buffer.from(hex, 'hex'));
    const response = responses.get(action);
    if (response === undefined || response === null) continue;
    const isShippedForGood =
      action === REQUEST.userInput.action &&
      REQUEST.userInput.decode(Buffer.from(hex, 'hex').subarray(24)).record.IgnoreFinishedSignal;
    if (isShippedForGood) {
      client.isHalted = false;
      continue;
    }
    const answer = await client.next(response, runs ? STEP_LIMIT_MS : ANSWER_LIMIT_MS);
    if (answer === undefined && runs) {
      await client.pause();
      continue;
    }
    assert.ok(answer !== undefined, `${command}: no answer to action ${action}: ${client.texts().join('')}`);
    const status = statusOf(answer);
    if (status === undefined) continue;
    assert.ok(STATUSES.has(status), `${command}: status 0x${status.toString(16)}`);
    statuses.push(status);
  }
  return statuses;
}

describe('the frames of the original client, answered by a guest', function () {
  this.timeout(60_000);
  let client: WireClient;
  let machine: EmbeddedMachine | undefined;
  const outcomes = new Map<string, { statuses: number[]; texts: string[] }>();
  let replayed = 0;

  // A machine for each session, as they were recorded.
  beforeEach(async function () {
    skipWithoutCpu(this);
    const { file } = buildGuest(this, LOOP);
    machine = await startEmbeddedMachine({ program: file, arguments: [] });
    client = new WireClient(machine.stream);
    await client.connect();
  });
  afterEach(async () => machine?.dispose());

  for (const { name, commands } of files) {
    it(`${name}: ${commands.length} commands`, async () => {
      for (const recorded of commands) {
        const statuses = await replay(client, recorded);
        outcomes.set(`${name} ${recorded.command}`, { statuses, texts: client.texts() });
        replayed++;
        const isOver = recorded.frames.some(
          ({ dir, summary }) => dir === 'to-debuggee' && summary.action === REQUEST.close.action,
        );
        if (isOver) await client.connect();
        else if (!client.isHalted) await client.pause();
        const question = { registerId: ALL_REGISTERS, unused: new Uint8Array(0) };
        const { record, all } = await client.ask(REQUEST.readRegisters, question, ANSWER.readRegisters);
        assert.equal(record.KernelStatus, OK, recorded.command);
        assert.ok(all !== undefined && all.extra.RIP > 0n && all.general.rsp > 0n, recorded.command);
      }
      // The debugger leaves; the next one finds a machine that answers.
      client.send(REQUEST.close, undefined);
      client.send(REQUEST.stopListening, undefined);
      await client.connect();
    });
  }

  it('all 177 were played, and what this guest can do was done', () => {
    assert.equal(replayed, 177);
    const statusesOf = (key: string) => outcomes.get(key)?.statuses;
    const unmapped = DEBUGGER_ERROR.DEBUGGER_ERROR_READING_MEMORY_INVALID_PARAMETER;
    assert.deepEqual(statusesOf('memory-read.json db fffff80012345000'), [unmapped]);
    assert.deepEqual(statusesOf('memory-read.json !dq 1000'), [OK]);
    assert.deepEqual(statusesOf('memory-write.json !eb 1000 cc'), [OK]);
    assert.deepEqual(statusesOf('memory-write.json !eq 3000 fffff80012345000'), [OK]);
    assert.deepEqual(statusesOf('memory-write.json !sd 1000 41414141 l 20'), [OK]);
    assert.deepEqual(statusesOf('memory-read.json k'), [OK]);
    assert.deepEqual(statusesOf('translation.json ucpuid 55 1'), [OK]);
    assert.deepEqual(statusesOf('translation.json !pa2va 1000'), [OK]);
    assert.deepEqual(statusesOf('processes.json .process pid 1f4'), [
      DEBUGGER_ERROR.DEBUGGER_ERROR_DETAILS_OR_SWITCH_PROCESS_INVALID_PARAMETER,
    ]);
    assert.deepEqual(statusesOf('events-instructions.json !cpuid code {90c3}'), [OK, OK]);
    assert.deepEqual(statusesOf('registers.json r rax=5'), [OK]);
    assert.deepEqual(outcomes.get('shipped.json rdmsr c0000080')?.texts, [
      'core 0: msr c0000080 = 0000000000000d01\n',
    ]);
    assert.match(outcomes.get('shipped.json !measure')?.texts.join('') ?? '', /"!measure" was not run/);
    assert.match(outcomes.get('processes.json lm')?.texts.join('') ?? '', /0000000000400000 user \//);
  });

  it('texts of shipped commands are those that the client always shows', async () => {
    const text = Buffer.from('rdmsr c0000082\0');
    const record = { CommandLen: text.length, IgnoreFinishedSignal: false, Result: 0 };
    client.frames.length = 0;
    client.send(REQUEST.userInput, { record, tail: text });
    const said = await client.next(ANSWER.log.action);
    assert.equal(ANSWER.log.decode(said!.payload).operation, OPERATION.OPERATION_LOG_MESSAGE_MANDATORY);
    const stop = ANSWER.stopped.decode((await client.next(ANSWER.stopped.action))!.payload);
    assert.deepEqual([stop.PausingReason, stop.IgnoreDisassembling], [10, true]);
  });
});
