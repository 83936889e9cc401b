/** Event commands, and `events` that lists and changes what they made (driver-protocol 5, 8.4). */

import { requireSuccess } from '../../../driver/driver-error';
import { ANSWER, REQUEST } from '../../../driver/kd/packets';
import type { ActionRequest, EventVerb } from '../../../driver/debuggee';
import type { CodeBlock } from '../../../script-engine/command-file/command-file';
import type { EventPlan, PlannedAction } from '../../../script-engine/command-file/event-plan';
import { FIRST_EVENT_TAG } from '../../arming/armed-events';
import { scriptFile } from '../../arming/script-file';
import type { CommandContext, CommandLine } from '../command-context';
import { CommandError } from '../command-error';
import { CommandWords } from '../command-words';
import { hex } from '../format/numbers';
import { PlanError, planOf } from '../planned-command';

export async function registerEvent(line: CommandLine, context: CommandContext): Promise<void> {
  const plan = await eventPlan(line, context);
  const { client, events, outputs, io } = context;
  const outputTags = plan.outputs.map((name) => outputs.tagOf(name));
  const tag = events.nextTag();
  const { type, coreId, processId, stage, shortCircuit, options, condition, actions } = plan;
  const record = { tag, type, coreId, processId, stage, shortCircuit, options, condition };
  await client.registerEvent({ ...record, actionCount: actions.length, outputTags });
  const event = events.add(tag, plan, scriptFile('console', line.text, false));
  for (const action of actions) await client.addAction(tag, actionRequest(action), plan.immediate);
  io.print(`event ${hex(tag - FIRST_EVENT_TAG)}: ${event.label}`);
}

async function eventPlan(line: CommandLine, context: CommandContext): Promise<EventPlan> {
  try {
    const plan = await planOf(line, context);
    if (plan.kind === 'event') return plan.event;
    throw new CommandError(`"${line.command.name}" is no event here.`);
  } catch (error) {
    if (error instanceof PlanError && !isBlockError(error, line.command.blocks)) {
      // The original gives the tag before it reads the options, so what is wrong with these uses one up (8.4).
      context.events.nextTag();
    }
    throw error;
  }
}

/** The original reads the blocks first, and gives up before there is a tag. */
function isBlockError({ diagnostics }: PlanError, blocks: readonly CodeBlock[]): boolean {
  return diagnostics.some(
    ({ severity, span }) =>
      severity === 'error' &&
      blocks.some((block) => span.start >= block.keywordSpan.start && span.end <= block.span.end),
  );
}

function actionRequest(action: PlannedAction): ActionRequest {
  if (action.kind === 'break') return { kind: 'break' };
  const { bufferSizeBytes } = action;
  if (action.kind === 'code') return { kind: 'code', bytes: action.bytes, bufferSizeBytes };
  const { bytes, symbolCount } = action.script;
  return { kind: 'script', bytes, symbolCount, bufferSizeBytes };
}

export async function eventsCommand(line: CommandLine, context: CommandContext): Promise<void> {
  const words = new CommandWords(line.command);
  if (words.isEmpty) return listEvents(context);
  if (words.takeWord('sc') !== undefined) {
    const isOn = words.takeOneOf('on', 'off') === 'on';
    words.end();
    return setShortCircuit(isOn, context);
  }
  const plan = await planOf(line, context);
  if (plan.kind === 'modify') await modifyEvents(plan.event, plan.verb, context);
}

async function listEvents({ client, events, io }: CommandContext): Promise<void> {
  if (events.all.length === 0) io.print('there are no events');
  for (const { tag, label } of events.all) {
    const isEnabled = await client.modifyEvent(tag, 'query');
    io.print(`${hex(tag - FIRST_EVENT_TAG)}  ${isEnabled ? 'enabled ' : 'disabled'}  ${label}`);
  }
}

async function modifyEvents(
  number: bigint | 'all',
  verb: Exclude<EventVerb, 'query'>,
  { client, events, io }: CommandContext,
): Promise<void> {
  if (number === 'all') {
    await client.modifyEvent('all', verb);
    if (verb === 'clear') for (const { tag } of events.all) events.remove(tag);
    io.print(`all events: ${verb}${verb === 'clear' ? 'ed' : 'd'}`);
    return;
  }
  const tag = FIRST_EVENT_TAG + number;
  if (events.byTag(tag) === undefined)
    throw new CommandError(`There is no event ${hex(number)}; "events" lists them.`);
  await client.modifyEvent(tag, verb);
  if (verb === 'clear') events.remove(tag);
  io.print(`event ${hex(number)}: ${verb}${verb === 'clear' ? 'ed' : 'd'}`);
}

async function setShortCircuit(isOn: boolean, { client, io }: CommandContext): Promise<void> {
  const operation = `Setting short-circuiting ${isOn ? 'on' : 'off'}`;
  const answer = await client.requests.ask(
    REQUEST.shortCircuit,
    { KernelStatus: 0n, IsShortCircuiting: isOn },
    operation,
    ANSWER.shortCircuit,
  );
  requireSuccess(operation, answer.KernelStatus);
  io.print(`the event that the target is stopped in ${isOn ? 'is left out' : 'happens'} when it goes on`);
}
