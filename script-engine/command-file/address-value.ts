/** Numbers and addresses of commands: number, symbol, expression, in this order (driver-protocol 9). */

import type { Span } from '../syntax/span';
import type { Command } from './command-file';
import { evaluateExpression } from './constant-expression';
import type { DraftEnvironment } from './draft-environment';
import type { Token } from './tokenize';

export interface ResolvedNumber {
  readonly value: bigint;
  /** False for a stand-in: the argument or symbol is not known yet, so its value is not to be checked. */
  readonly isCertain: boolean;
  readonly span: Span;
}

const STAND_IN = 0x1000n;

/** The number a token stands for; reports and answers undefined when there is none. */
export function resolveNumber(
  token: Token,
  command: Command,
  environment: DraftEnvironment,
): ResolvedNumber | undefined {
  const { report, symbols } = environment;
  const { span } = token;
  const isCertain = !(token.fromArgument && command.hasUnknownArguments);
  if (token.kind === 'number') {
    if (symbols !== undefined) warnOfHexWord(token.text, span, environment);
    return { value: token.value, isCertain, span };
  }
  if (token.kind === 'block') {
    return report.error('stray-block', 'A number or an address belongs here, not a block.', span);
  }
  const symbol = symbols?.resolve(token.text);
  if (symbol !== undefined) return { value: symbol, isCertain, span };
  const standIn = { value: STAND_IN, isCertain: false, span };
  if (isName(token.text))
    return symbols === undefined || !isCertain ? standIn : unknownSymbol(token.text, span, environment);
  return resolveExpression(token.text, span, environment) ?? (isCertain ? undefined : standIn);
}

function isName(text: string): boolean {
  return /^[A-Za-z_?][\w.?]*(![\w.?:~]+)?$/.test(text);
}

function unknownSymbol(name: string, span: Span, { report }: DraftEnvironment): undefined {
  const hint = name.includes('!')
    ? 'Check the module and the name, or give the address.'
    : 'Write it as `module!name`, or give the address.';
  return report.error('unknown-symbol', `No symbol is named \`${name}\`. ${hint}`, span);
}

/** A word of hex digits is a number even when a function has that name (driver-protocol 9, TRAP). */
function warnOfHexWord(text: string, span: Span, { report, symbols }: DraftEnvironment): void {
  if (!/^[a-f]/i.test(text) || symbols?.resolve(text) === undefined) return;
  report.warning(
    'hex-word',
    `\`${text}\` is read as the number 0x${text.toLowerCase()}, not as the symbol. Write \`module!${text}\` for the symbol.`,
    span,
  );
}

function resolveExpression(
  text: string,
  span: Span,
  environment: DraftEnvironment,
): ResolvedNumber | undefined {
  const { report, symbols } = environment;
  const known = environment.targetValues.get(text);
  if (known !== undefined) return { value: known, isCertain: true, span };
  const found = evaluateExpression(text, symbols, environment.mode);
  switch (found.kind) {
    case 'value':
      if (environment.asOriginal === true) environment.targetExpressions.set(text, found.script);
      return { value: found.value, isCertain: true, span };
    case 'needs target':
      environment.targetExpressions.set(text, found.script);
      return report.error(
        'needs-target',
        `\`${text}\` reads registers or memory, which only a halted target has. Use numbers and symbols here.`,
        span,
      );
    case 'error':
      // An expression with a symbol that nobody could resolve yet.
      if (symbols === undefined && text.includes('!')) return { value: STAND_IN, isCertain: false, span };
      return report.error(
        'bad-expression',
        `\`${text}\` is no number, symbol or expression: ${found.message}`,
        span,
      );
  }
}
