/** The parameters of an event command as OptionalParam1..4 and the event's type (driver-protocol 5.6). */

import type { EventKind, EventParameter, EventType } from '../catalog/events';
import { resolveNumber, type ResolvedNumber } from './address-value';
import type { Command } from './command-file';
import type { DraftEnvironment } from './draft-environment';
import type { Token } from './tokenize';

export interface EventParameters {
  readonly type: number;
  readonly options: readonly bigint[];
}

interface Taking {
  readonly kind: EventKind;
  readonly command: Command;
  readonly environment: DraftEnvironment;
  /** Tokens that no parameter has taken yet. */
  readonly rest: Token[];
  readonly options: bigint[];
  type: number;
}

/** Reads the parameters from what the option words left; undefined when something is wrong, which is reported. */
export function takeEventParameters(
  kind: EventKind,
  command: Command,
  tokens: readonly Token[],
  environment: DraftEnvironment,
): EventParameters | undefined {
  const taking: Taking = {
    kind,
    command,
    environment,
    rest: [...tokens],
    options: [0n, 0n, 0n, 0n],
    type: kind.types[0]?.type ?? 0,
  };
  // `va`, `pa` and the letters stand anywhere, so they go first; the others follow each other.
  const order = { space: 0, access: 1, range: 2, address: 2, number: 2, filter: 2, choice: 2 };
  const parameters = [...kind.parameters].sort((one, two) => order[one.kind] - order[two.kind]);
  const complete = parameters.every((parameter) => take(parameter, taking));
  if (!complete) return undefined;
  for (const token of taking.rest) {
    environment.report.error(
      'unexpected-word',
      `\`${token.text}\` does not belong here: ${kind.commands[0]?.name ?? 'the command'} is written \`${kind.syntax}\`.`,
      token.span,
    );
  }
  return { type: taking.type, options: taking.options };
}

function take(parameter: EventParameter, taking: Taking): boolean {
  switch (parameter.kind) {
    case 'space':
      return takeSpace(parameter.option, taking);
    case 'access':
      return takeAccess(taking);
    case 'range':
      return takeRange(taking);
    case 'address': {
      const found = takeNumber(taking, parameter.name);
      if (found !== undefined) taking.options[parameter.option] = found.value;
      return found !== undefined;
    }
    case 'number':
      return takeLimited(parameter, taking);
    case 'filter':
      return takeFilter(parameter.most, parameter.name, taking);
    case 'choice':
      return takeChoice(parameter.words, parameter.option, taking);
  }
}

function missing(what: string, { kind, command, environment }: Taking): false {
  environment.report.error(
    'missing-parameter',
    `${command.name} wants ${what}: \`${kind.syntax}\`.`,
    command.nameSpan,
  );
  return false;
}

function takeNumber(taking: Taking, name: string): ResolvedNumber | undefined {
  const token = taking.rest.shift();
  if (token === undefined) {
    missing(`<${name}>`, taking);
    return undefined;
  }
  return resolveNumber(token, taking.command, taking.environment);
}

function takeSpace(option: number, taking: Taking): boolean {
  const index = taking.rest.findIndex((token) => token.kind === 'word' && /^[vp]a$/i.test(token.text));
  const [token] = index < 0 ? [] : taking.rest.splice(index, 1);
  if (token?.text.toLowerCase() === 'pa') taking.options[option] = 1n;
  return true;
}

function takeAccess(taking: Taking): boolean {
  const index = taking.rest.findIndex((token) => token.kind === 'word' && /^[rwx]{1,3}$/i.test(token.text));
  const [token] = index < 0 ? [] : taking.rest.splice(index, 1);
  if (token === undefined) return missing('one or more of the letters r, w and x', taking);
  const found = typeOfLetters(token.text.toLowerCase(), taking.kind.types);
  if (found === undefined) {
    taking.environment.report.error('bad-access', 'Each of the letters r, w and x stands once.', token.span);
    return false;
  }
  taking.type = found.type;
  return true;
}

function typeOfLetters(letters: string, types: readonly EventType[]): EventType | undefined {
  const sorted = [...letters].sort().join('');
  return types.find(({ access }) => [...(access ?? '')].sort().join('') === sorted);
}

function takeRange(taking: Taking): boolean {
  const { report } = taking.environment;
  const from = takeNumber(taking, 'From');
  if (from === undefined) return false;
  const isLength = taking.rest[0]?.kind === 'word' && taking.rest[0].text.toLowerCase() === 'l';
  if (isLength) taking.rest.shift();
  const second = takeNumber(taking, isLength ? 'Length' : 'To');
  if (second === undefined) return false;
  const last = isLength ? from.value + second.value - 1n : second.value;
  const certain = from.isCertain && second.isCertain;
  if (certain && last <= from.value) {
    report.error(
      'empty-range',
      isLength
        ? 'The driver refuses a range of one byte: the length is 2 or more.'
        : 'The last byte must lie behind the first: the driver refuses a range of one byte or none.',
      second.span,
    );
    return false;
  }
  taking.options[0] = from.value;
  taking.options[1] = BigInt.asUintN(64, last);
  return true;
}

function takeLimited(parameter: EventParameter & { readonly kind: 'number' }, taking: Taking): boolean {
  const { name, option, absent, least, most, values } = parameter;
  if (taking.rest.length === 0 && absent !== undefined) {
    taking.options[option] = absent;
    return true;
  }
  const found = takeNumber(taking, name);
  if (found === undefined) return false;
  const fits =
    values === undefined ? found.value >= least && found.value <= most : values.includes(found.value);
  if (found.isCertain && !fits) {
    const range =
      values === undefined
        ? `${least.toString(16)} to ${most.toString(16)}`
        : values.map((value) => value.toString(16)).join(' or ');
    taking.environment.report.error(
      'out-of-range',
      `<${name}> of ${taking.command.name} is ${range}.`,
      found.span,
    );
    return false;
  }
  taking.options[option] = found.value;
  return true;
}

function takeFilter(most: bigint, name: string, taking: Taking): boolean {
  if (taking.rest.length === 0) return true;
  const found = takeNumber(taking, name);
  if (found === undefined) return false;
  if (found.isCertain && found.value > most) {
    taking.environment.report.error(
      'out-of-range',
      `<${name}> of ${taking.command.name} is at most ${most.toString(16)}.`,
      found.span,
    );
    return false;
  }
  taking.options[0] = 1n;
  taking.options[1] = found.value;
  return true;
}

function takeChoice(words: ReadonlyMap<string, bigint>, option: number, taking: Taking): boolean {
  const token = taking.rest.shift();
  const choices = [...words.keys()].map((word) => `\`${word}\``).join(', ');
  if (token === undefined) return missing(`one of ${choices}`, taking);
  const value = words.get(token.text.toLowerCase());
  if (value === undefined) {
    taking.environment.report.error(
      'bad-value',
      `${taking.command.name} takes one of ${choices}.`,
      token.span,
    );
    return false;
  }
  taking.options[option] = value;
  return true;
}
