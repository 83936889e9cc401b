/** Commands and their options in words. */

import { commandByName } from '../script-engine/catalog/commands';
import { eventOptionByName } from '../script-engine/catalog/event-options';
import { eventByCommand, type EventKind } from '../script-engine/catalog/events';
import { scriptMarkdown } from './function-text';

/** The command for a hover or a completion, in Markdown; undefined for a name that is none. */
export function commandMarkdown(name: string): string | undefined {
  const command = commandByName(name);
  if (command === undefined) return undefined;
  const event = eventByCommand(name);
  return [
    scriptMarkdown(command.syntax.join('\n')),
    command.summary,
    ...(command.requires === undefined ? [] : [`Needs: ${command.requires}.`]),
    ...(event === undefined ? [] : eventLines(event)),
    ...(command.example === '' ? [] : [scriptMarkdown(command.example)]),
  ].join('\n\n');
}

function eventLines(event: EventKind): string[] {
  const facts = [
    ...event.parameters.map(({ name, summary }) => `- \`${name}\`: ${summary}`),
    `- \`$context\`: ${event.context}`,
    `- \`stage\`: ${event.stages.join(', ')}`,
    `- \`sc on\`: ${event.shortCircuit ?? 'has no effect.'}`,
  ];
  return [facts.join('\n'), ...(event.note === undefined ? [] : [`Note: ${event.note}`])];
}

/** The event option in Markdown; undefined for a word that is none. */
export function optionMarkdown(name: string): string | undefined {
  const option = eventOptionByName(name);
  return option && `${scriptMarkdown(option.form)}\n\n${option.summary}\n\nWhen left out: ${option.absent}.`;
}
