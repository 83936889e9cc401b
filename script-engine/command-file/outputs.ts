/** Names of outputs: `output create` makes one, events and `output open|close` name one (driver-protocol 5.7). */

import { closestName } from '../catalog/closest-name';
import { commandByName } from '../catalog/commands';
import type { Diagnostic } from '../diagnostic';
import type { Span } from '../syntax/span';
import type { CodeBlock, Command } from './command-file';
import type { CommandPlan } from './event-plan';
import type { Report } from './report';

const kinds = ['file', 'namedpipe', 'tcp', 'module'];
const verbs = ['create', 'open', 'close'];
const SYNTAX =
  '`output create <Name> file|namedpipe|tcp|module <Target>`, `output open <Name>` or `output close <Name>`';

export interface OutputName {
  readonly name: string;
  readonly span: Span;
}

/** What a command does with outputs. */
export interface OutputUse {
  readonly created: OutputName | undefined;
  readonly named: readonly OutputName[];
}

/** The names in an `output { }` block. */
export function namesInBlock({ body }: CodeBlock): OutputName[] {
  return [...body.text.matchAll(/[^,]+/g)].flatMap((match) => {
    const name = match[0].trim();
    const start = match.index + match[0].length - match[0].trimStart().length;
    return name === '' ? [] : [{ name, span: body.span(start, start + name.length) }];
  });
}

/** undefined for a command that has nothing to do with outputs. */
export function outputUseOf(command: Command): OutputUse | undefined {
  const block = command.blocks.find(({ kind }) => kind === 'output');
  if (block !== undefined) return { created: undefined, named: namesInBlock(block) };
  if (commandByName(command.name)?.name !== 'output') return undefined;
  const [, verb, target] = command.tokens;
  if (verb === undefined || target === undefined) return undefined;
  if (!verbs.includes(verb.text.toLowerCase())) return undefined;
  const name = { name: target.text, span: target.span };
  return verb.text.toLowerCase() === 'create'
    ? { created: name, named: [] }
    : { created: undefined, named: [name] };
}

/** Plans an `output` command: only its form is checked, outputs belong to a session. */
export function planOutputCommand(command: Command, report: Report): CommandPlan | undefined {
  const [, verb, name, kind, target] = command.tokens;
  const plan: CommandPlan = {
    kind: 'other',
    name: 'output',
    span: command.span,
    reason: '`output` works in a session and does not belong to arming a script, so it is left out.',
  };
  if (verb === undefined) return plan;
  const word = verb.text.toLowerCase();
  if (!verbs.includes(word)) return report.error('bad-value', `It is written ${SYNTAX}.`, verb.span);
  if (name === undefined)
    return report.error('missing-value', `\`output ${word}\` wants the name of an output.`, verb.span);
  if (word !== 'create') return plan;
  if (kind === undefined || target === undefined)
    return report.error('missing-value', `An output needs a kind and a target: ${SYNTAX}.`, name.span);
  if (kinds.includes(kind.text.toLowerCase())) return plan;
  const meant = closestName(kind.text, kinds);
  const span = kind.span;
  return report.add(
    'error',
    'bad-value',
    `An output goes to a \`file\`, \`namedpipe\`, \`tcp\` or \`module\`.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    span,
    meant === undefined ? undefined : { title: `Change to ${meant}`, span, text: meant },
  );
}

/** Names that no command before them creates; `uses` are those of a file in its order. */
export function unknownOutputs(uses: Iterable<OutputUse>): Diagnostic[] {
  const known: string[] = [];
  const found: Diagnostic[] = [];
  for (const { created, named } of uses) {
    found.push(...named.filter(({ name }) => !known.includes(name)).map((use) => unknownOutput(use, known)));
    if (created !== undefined) known.push(created.name);
  }
  return found;
}

function unknownOutput({ name, span }: OutputName, known: readonly string[]): Diagnostic {
  const code = 'unknown-output';
  if (known.length === 0) {
    // It may have been created in the session before.
    const message = `No command before this one creates the output \`${name}\`: \`output create ${name} file <Path>\` does.`;
    return { code, severity: 'information', message, span };
  }
  const meant = closestName(name, known);
  if (meant === undefined) {
    const message = `There is no output \`${name}\`; there are ${known.map((each) => `\`${each}\``).join(', ')}.`;
    return { code, severity: 'warning', message, span };
  }
  const message = `There is no output \`${name}\`. Did you mean \`${meant}\`?`;
  return {
    code,
    severity: 'warning',
    message,
    span,
    fix: { title: `Change to ${meant}`, span, text: meant },
  };
}
