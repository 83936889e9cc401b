/** One command, as far as it can be planned without an assembler and a target. */

import { commandByName, commandNames } from '../catalog/commands';
import { functionByName } from '../catalog/functions';
import { closestName } from '../catalog/closest-name';
import { draftScriptText } from './code-blocks';
import type { Command } from './command-file';
import type { DraftEnvironment } from './draft-environment';
import { draftEvent, type EventDraft } from './event-draft';
import type { CommandPlan } from './event-plan';
import { planOutputCommand } from './outputs';

export type CommandDraft =
  | { readonly kind: 'event'; readonly draft: EventDraft }
  | { readonly kind: 'done'; readonly plan: CommandPlan };

/** undefined when the command has errors, which are reported. */
export function draftCommand(command: Command, environment: DraftEnvironment): CommandDraft | undefined {
  const known = commandByName(command.name);
  if (known === undefined) return unknownCommand(command, environment);
  if (known.isEvent) {
    const draft = draftEvent(command, environment);
    return draft && { kind: 'event', draft };
  }
  const plan = planPlain(known.name, command, environment);
  return plan && { kind: 'done', plan };
}

function unknownCommand(command: Command, { report }: DraftEnvironment): undefined {
  const { name, nameSpan } = command;
  const word = /^[A-Za-z_]\w*/.exec(name)?.[0] ?? '';
  const isAssignment = /^[@.]?\w+$/.test(name) && /^[-+*/%&|^<>]*=/.test(command.rest.text);
  if (
    functionByName(word) !== undefined ||
    isAssignment ||
    word === 'if' ||
    word === 'for' ||
    word === 'while'
  ) {
    return report.error(
      'statement-outside-script',
      `\`${name}\` is a statement of a script and no command. Put \`?\` before it, or write it into a \`script { }\` block.`,
      nameSpan,
    );
  }
  if (name.startsWith('?')) {
    const title = 'Put a blank behind ?';
    const fix = { title, span: { start: nameSpan.start + 1, end: nameSpan.start + 1 }, text: ' ' };
    return report.add(
      'error',
      'unknown-command',
      'A blank belongs between `?` and its statement.',
      nameSpan,
      fix,
    );
  }
  const meant = closestName(name, commandNames());
  const message = `\`${name}\` is no command.${meant === undefined ? ' `.help` lists them.' : ` Did you mean \`${meant}\`?`}`;
  const fix = meant && { title: `Change to ${meant}`, span: nameSpan, text: meant };
  return report.add('error', 'unknown-command', message, nameSpan, fix || undefined);
}

function planPlain(name: string, command: Command, environment: DraftEnvironment): CommandPlan | undefined {
  switch (name) {
    case '?':
      return planEvaluation(command, environment, { before: '', after: '' });
    case 'print':
      return planEvaluation(command, environment, { before: 'print(', after: ');' });
    case 'events':
      return planEventsCommand(command, environment);
    case 'output':
      return planOutputCommand(command, environment.report);
    default:
      return {
        kind: 'other',
        name,
        span: command.span,
        reason: `\`${name}\` works in a session and does not belong to arming a script, so it is left out.`,
      };
  }
}

function planEvaluation(
  command: Command,
  environment: DraftEnvironment,
  wrapping: { readonly before: string; readonly after: string },
): CommandPlan | undefined {
  if (command.rest.text === '') {
    return environment.report.error(
      'missing-parameter',
      `\`${command.name}\` wants something to evaluate behind it.`,
      command.nameSpan,
    );
  }
  const found = draftScriptText(command.rest, command, environment, wrapping);
  return found && { kind: 'evaluate', span: command.span, codeSpan: found.span, script: found.script };
}

const verbs = new Map([
  ['e', 'enable'],
  ['d', 'disable'],
  ['c', 'clear'],
] as const);

function planEventsCommand(command: Command, { report }: DraftEnvironment): CommandPlan | undefined {
  const [, verbToken, target, extra] = command.tokens;
  const { span } = command;
  if (verbToken === undefined) {
    return {
      kind: 'other',
      name: 'events',
      span,
      reason: 'The list of events is for a session; it is left out.',
    };
  }
  const letter = verbToken.text.toLowerCase();
  if (letter === 'sc') {
    return {
      kind: 'other',
      name: 'events',
      span,
      reason: '`events sc` acts on the event a session is stopped in; it is left out.',
    };
  }
  const verb = letter === 'e' || letter === 'd' || letter === 'c' ? verbs.get(letter) : undefined;
  if (verb === undefined) {
    return report.error(
      'bad-value',
      '`events` takes `e`, `d` or `c` and the number of an event or `all`.',
      verbToken.span,
    );
  }
  if (target === undefined) {
    return report.error(
      'missing-value',
      `\`events ${letter}\` wants the number of an event or \`all\`.`,
      verbToken.span,
    );
  }
  if (extra !== undefined) {
    return report.error('unexpected-word', `\`${extra.text}\` does not belong here.`, extra.span);
  }
  if (target.kind === 'word' && target.text.toLowerCase() === 'all')
    return { kind: 'modify', span, verb, event: 'all' };
  if (target.kind !== 'number') {
    return report.error('bad-value', 'An event is named by its number in hex, or `all`.', target.span);
  }
  return { kind: 'modify', span, verb, event: target.value };
}
