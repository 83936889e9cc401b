/** Pseudo registers in words. */

import type { EventKind } from '../script-engine/catalog/events';
import type { PseudoRegister } from '../script-engine/catalog/pseudo-registers';
import { scriptMarkdown } from './function-text';

/** In Markdown; `event` is the one that the script runs for. */
export function pseudoRegisterMarkdown(
  { name, summary, description, userMode, example }: PseudoRegister,
  event: EventKind | undefined,
): string {
  const lines = [scriptMarkdown(name), `${summary} Cannot be assigned.`, description];
  if (name === '$context' && event !== undefined) {
    lines.push(`In \`${event.commands[0]?.name ?? ''}\`: ${event.context}.`);
  }
  return [...lines, `In user mode: ${userMode}.`, scriptMarkdown(example)].join('\n\n');
}
