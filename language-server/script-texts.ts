/** The texts of the script language that a command holds. */

import { commandByName } from '../script-engine/catalog/commands';
import type { Command } from '../script-engine/command-file/command-file';
import type { MappedText } from '../script-engine/command-file/mapped-text';
import type { Span } from '../script-engine/syntax/span';

export interface ScriptText {
  readonly body: MappedText;
  /** What makes statements of it. */
  readonly before: string;
  readonly after: string;
  /** In the file. */
  readonly span: Span;
}

/** `?` and `print` take a script without a block keyword (driver-protocol 9). */
export function scriptTextsOf(command: Command): ScriptText[] {
  const name = commandByName(command.name)?.name;
  if (name === '?' || name === 'print') {
    const span = { start: command.nameSpan.end, end: command.span.end };
    const [before, after] = name === '?' ? ['', ''] : ['print(', ');'];
    return [{ body: command.rest, before, after, span }];
  }
  return command.blocks
    .filter(({ kind, body }) => kind === 'script' && !/^\s*file:/i.test(body.text))
    .map(({ body, codeSpan }) => ({ body, before: '', after: '', span: codeSpan }));
}
