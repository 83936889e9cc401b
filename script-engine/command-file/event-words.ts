/** Option words of event commands (commands.json eventOptions): they stand anywhere behind the command's name. */

import { eventOptionByName, LARGEST_BUFFER_BYTES } from '../catalog/event-options';
import type { Span } from '../syntax/span';
import type { Command } from './command-file';
import type { DraftEnvironment } from './draft-environment';
import type { Token } from './tokenize';

const ALL = 0xffff_ffff;
const LARGEST = 0xffff_ffffn;

export interface EventWords {
  processId: number;
  coreId: number;
  stage: 'pre' | 'post' | 'all';
  shortCircuit: boolean;
  immediate: boolean;
  bufferSizeBytes: number;
  /** Where an option was given, for messages. */
  readonly spans: Map<string, Span>;
  /** What is left for the command itself. */
  readonly rest: Token[];
}

/** Takes the options out of a command. Of an option that stands twice the last one counts, as in the original. */
export function takeEventWords(command: Command, environment: DraftEnvironment): EventWords {
  const words: EventWords = {
    processId: ALL,
    coreId: ALL,
    stage: 'pre',
    shortCircuit: false,
    immediate: true,
    bufferSizeBytes: 0,
    spans: new Map(),
    rest: [],
  };
  const tokens = command.tokens.slice(1);
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) continue;
    const option = token.kind === 'word' ? eventOptionByName(token.text) : undefined;
    if (option === undefined) {
      takePlain(token, words, environment);
      continue;
    }
    const next = tokens[index + 1];
    noteRepeated(option.name, token, words, environment);
    if (option.name === 'asm') {
      checkAssemblyKeyword(token, next, environment);
      continue;
    }
    if (next === undefined) {
      environment.report.error(
        'missing-value',
        `\`${option.name}\` wants a value: \`${option.form}\`.`,
        token.span,
      );
      break;
    }
    index++;
    switch (option.kind) {
      case 'block':
        if (next.kind !== 'block') {
          environment.report.error(
            'missing-block',
            `\`${option.name}\` takes a block: \`${option.form}\`.`,
            next.span,
          );
        }
        break;
      case 'word':
        takeWord(option.name, option.words ?? [], next, words, environment);
        break;
      case 'number':
      case 'number-or-all':
        takeNumber(option.name, option.kind === 'number-or-all', next, command, words, environment);
        break;
    }
    words.spans.set(option.name, { start: token.span.start, end: next.span.end });
  }
  return words;
}

function takePlain(token: Token, words: EventWords, { report }: DraftEnvironment): void {
  if (token.kind === 'block') {
    report.error(
      'stray-block',
      'This block has no keyword. Write `script`, `code`, `condition` or `output` before it.',
      token.span,
    );
  } else if (token.kind === 'word' && token.text.toLowerCase() === 'tid') {
    report.error('no-tid', 'Events cannot be limited to a thread: compare `$tid` in the script.', token.span);
  } else {
    words.rest.push(token);
  }
}

function noteRepeated(name: string, token: Token, words: EventWords, { report }: DraftEnvironment): void {
  const earlier = words.spans.get(name);
  if (earlier === undefined || name === 'asm') return;
  if (eventOptionByName(name)?.kind === 'block') {
    report.error('repeated-block', `An event has one \`${name}\` block. Put both into one.`, token.span);
  } else {
    report.warning('repeated-option', `\`${name}\` was given before; only the last one counts.`, earlier);
  }
}

function checkAssemblyKeyword(token: Token, next: Token | undefined, { report }: DraftEnvironment): void {
  const word = next?.kind === 'word' ? next.text.toLowerCase() : '';
  if (word === 'code' || word === 'condition') return;
  report.error('missing-block', '`asm` stands before `code {…}` or `condition {…}`.', token.span);
}

function takeWord(
  name: string,
  choices: readonly string[],
  token: Token,
  words: EventWords,
  { report }: DraftEnvironment,
): void {
  const word = token.text.toLowerCase();
  if (token.kind === 'block' || !choices.includes(word)) {
    report.error(
      'bad-value',
      `\`${name}\` takes ${choices.map((choice) => `\`${choice}\``).join(' or ')}.`,
      token.span,
    );
    return;
  }
  if (name === 'stage') words.stage = word === 'post' || word === 'all' ? word : 'pre';
  if (name === 'sc') words.shortCircuit = word === 'on';
  if (name === 'imm') words.immediate = word === 'yes';
}

function takeNumber(
  name: string,
  mayBeAll: boolean,
  token: Token,
  command: Command,
  words: EventWords,
  environment: DraftEnvironment,
): void {
  const { report } = environment;
  const isAll = mayBeAll && token.kind === 'word' && token.text.toLowerCase() === 'all';
  if (!isAll && token.kind !== 'number') {
    report.error(
      'bad-value',
      `\`${name}\` takes a number in hex; \`0n\` before it makes it decimal.`,
      token.span,
    );
    return;
  }
  const value = token.kind === 'number' ? token.value : LARGEST;
  if (value > LARGEST) {
    report.error('number-too-large', `\`${name}\` takes a 32-bit number, at most ffffffff.`, token.span);
    return;
  }
  const number = Number(value);
  const isCertain = !(token.fromArgument && command.hasUnknownArguments);
  if (name !== 'buffer' && !token.fromArgument) askForBase(name, token, number, environment);
  if (name === 'pid') words.processId = number;
  if (name === 'core') words.coreId = number;
  if (name === 'buffer') {
    words.bufferSizeBytes = number;
    if (isCertain && number > LARGEST_BUFFER_BYTES) {
      report.add(
        environment.asOriginal === true ? 'warning' : 'error',
        'buffer-too-large',
        `A buffer has at most ${LARGEST_BUFFER_BYTES.toString(16)} bytes (0n${LARGEST_BUFFER_BYTES}): the driver refuses ${token.text}.`,
        token.span,
      );
    }
  }
}

/** Process managers show ids in decimal, so digits alone are most often a mistake; `0x` or a 0 before them says hex. */
function askForBase(name: string, token: Token, value: number, { report }: DraftEnvironment): void {
  const { text, span } = token;
  if (!/^[1-9][0-9]+$/.test(text)) return;
  report.add(
    'warning',
    'hex-or-decimal',
    `hex? 0n${text} is decimal: \`${name} ${text}\` is read as hexadecimal, that is 0n${value}. ` +
      `Write \`0n${text}\`, or \`0x${text}\` to keep it.`,
    span,
    { title: `Change to 0n${text}`, span, text: `0n${text}` },
  );
}
