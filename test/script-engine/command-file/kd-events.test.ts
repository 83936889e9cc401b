import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  DEBUGGEE_SCRIPT_PACKET,
  DEBUGGER_GENERAL_ACTION,
  DEBUGGER_GENERAL_EVENT_DETAIL,
} from '../../../driver/sdk/structs.generated';
import { loadAssembler } from '../../../script-engine/asm/assembler';
import { readCommandFile } from '../../../script-engine/command-file/command-file';
import { planCommand, type PlanResult } from '../../../script-engine/command-file/plan';
import { GlobalTable } from '../../../script-engine/compiler/global-table';
import { projectFile } from '../../project-root';

interface Golden {
  readonly command: string;
  readonly frames: readonly {
    readonly dir: string;
    readonly hex: string;
    readonly summary: { readonly actionName?: string };
  }[];
}

const HEADER_BYTES = 24;
const LENGTH_BYTES = 4;
const MARKER_BYTES = 4;
const ACTION_KINDS = ['break', 'script', 'code'];
/** What the original answers for every expression that it asks the target for (vectors/kd/README). */
const TARGET_VALUE = 0x1122334455667788n;

/** Records of a kind that the original client sent for a command. */
function sent(golden: Golden, action: string, lengthBytes = LENGTH_BYTES): readonly Uint8Array[] {
  return golden.frames
    .filter((frame) => frame.dir === 'to-debuggee' && (frame.summary.actionName ?? '').endsWith(action))
    .map((frame) =>
      Uint8Array.from(Buffer.from(frame.hex, 'hex')).slice(HEADER_BYTES + lengthBytes, -MARKER_BYTES),
    );
}

async function plan(text: string, globals: GlobalTable): Promise<PlanResult> {
  const file = readCommandFile(text);
  assert.deepEqual(file.diagnostics, [], text);
  assert.equal(file.commands.length, 1, text);
  return planCommand(file.commands[0]!, {
    text,
    symbols: { resolve: () => undefined },
    globals,
    assembler: loadAssembler,
    evaluate: async () => TARGET_VALUE,
  });
}

/** Zeros behind the NUL of strings: the original leaves what was in its memory there (vectors/kd/README). */
function withoutStringPadding(bytes: Uint8Array): Uint8Array {
  const clean = bytes.slice();
  const view = new DataView(clean.buffer);
  for (let slot = 0; slot * 24 < clean.length;) {
    const kind = view.getUint32(slot * 24, true);
    const length = Number(view.getBigUint64(slot * 24 + 8, true));
    const width = kind === 8 || kind === 11 ? Math.floor((16 + length) / 24) + 1 : 1;
    if (width > 1 || kind === 8) clean.fill(0, slot * 24 + 16 + length, (slot + width) * 24);
    slot += width;
  }
  return clean;
}

function assertEvent(golden: Golden, result: PlanResult): void {
  const { command } = golden;
  assert.deepEqual(
    result.diagnostics.filter(({ severity }) => severity === 'error'),
    [],
    command,
  );
  assert.equal(result.plan?.kind, 'event', command);
  const { event } = result.plan;
  const [record] = sent(golden, 'REGISTER_EVENT');
  const detail = DEBUGGER_GENERAL_EVENT_DETAIL.decode(record!);
  assert.deepEqual(
    [event.type, event.coreId, event.processId, event.stage, event.shortCircuit],
    [detail.EventType, detail.CoreId, detail.ProcessId, detail.EventStage, detail.EnableShortCircuiting],
    command,
  );
  const { OptionalParam1, OptionalParam2, OptionalParam3, OptionalParam4 } = detail.Options;
  assert.deepEqual(event.options, [OptionalParam1, OptionalParam2, OptionalParam3, OptionalParam4], command);
  const condition = record!.slice(DEBUGGER_GENERAL_EVENT_DETAIL.sizeBytes);
  assert.deepEqual(event.condition ?? new Uint8Array(0), condition, command);
  assert.equal(event.actions.length, detail.CountOfActions, command);
  const actions = sent(golden, 'ADD_ACTION_TO_EVENT');
  assert.equal(event.actions.length, actions.length, command);
  event.actions.forEach((action, index) => {
    const wire = DEBUGGER_GENERAL_ACTION.decode(actions[index]!);
    const tail = actions[index]!.slice(DEBUGGER_GENERAL_ACTION.sizeBytes);
    assert.equal(action.kind, ACTION_KINDS[wire.ActionType], command);
    assert.equal(event.immediate, wire.ImmediateMessagePassing, command);
    if (action.kind === 'break') return;
    assert.equal(action.bufferSizeBytes, wire.PreAllocatedBuffer, command);
    if (action.kind === 'code') {
      assert.deepEqual(action.bytes, tail, command);
    } else {
      assert.equal(action.script.symbolCount, wire.ScriptBufferPointer, command);
      assert.deepEqual(withoutStringPadding(action.script.bytes), withoutStringPadding(tail), command);
    }
  });
}

/** Commands that the original sends and that we refuse, because the driver refuses them (driver-protocol 5.3). */
const refusedByUs = new Map([['!syscall 5 buffer 1000 code {c3}', 'buffer-too-large']]);

describe('event commands against the frames of the original client', () => {
  for (const name of ['events-hooks', 'events-instructions', 'events-syscall']) {
    const goldens = JSON.parse(readFileSync(projectFile(`test/vectors/kd/${name}.json`), 'utf8')) as Golden[];
    const globals = new GlobalTable();
    for (const golden of goldens.filter(({ command }) => command.startsWith('!'))) {
      it(golden.command.replaceAll('\n', ' '), async () => {
        const result = await plan(golden.command, globals);
        const code = refusedByUs.get(golden.command);
        const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
        if (code !== undefined)
          assert.deepEqual(
            errors.map((error) => error.code),
            [code],
          );
        else if (sent(golden, 'REGISTER_EVENT').length === 0)
          assert.ok(errors.length > 0 && result.plan === undefined);
        else assertEvent(golden, result);
      });
    }
  }

  const scripts = JSON.parse(readFileSync(projectFile('test/vectors/kd/script.json'), 'utf8')) as Golden[];
  const scriptGlobals = new GlobalTable();
  for (const golden of scripts.filter(({ command }) => /^(\?|print) /.test(command))) {
    it(golden.command, async () => {
      const [payload] = sent(golden, 'RUN_SCRIPT', 0);
      const { plan: found } = await plan(golden.command, scriptGlobals);
      if (payload === undefined) {
        assert.equal(found, undefined);
        return;
      }
      assert.equal(found?.kind, 'evaluate');
      const packet = DEBUGGEE_SCRIPT_PACKET.decode(payload);
      assert.equal(found.script.symbolCount, packet.ScriptBufferPointer);
      const bytes = payload.slice(DEBUGGEE_SCRIPT_PACKET.sizeBytes);
      assert.deepEqual(withoutStringPadding(found.script.bytes), withoutStringPadding(bytes));
    });
  }

  it('plans the events command as the original does', async () => {
    const verbs: string[] = [];
    for (const text of ['events e all', 'event e 0', 'event c 2', 'event d all']) {
      const { plan: found } = await plan(text, new GlobalTable());
      if (found?.kind === 'modify') verbs.push(`${found.verb} ${found.event}`);
    }
    assert.deepEqual(verbs, ['enable all', 'enable 0', 'clear 2', 'disable all']);
  });
});
