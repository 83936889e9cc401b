import assert from 'node:assert/strict';
import { tokenize } from '../../../script-engine/syntax/lexer';
import { readNumber, readString, readWideString } from '../../../script-engine/syntax/literal-value';
import { TokenKind, tokenText } from '../../../script-engine/syntax/token-kind';

function texts(source: string): string[] {
  const tokens = tokenize(source);
  return Array.from({ length: tokens.count - 1 }, (_, i) => tokenText(tokens, i));
}

function kinds(source: string): number[] {
  const tokens = tokenize(source);
  return [...tokens.kinds].slice(0, -1);
}

function number(text: string): bigint {
  const halves = { low: 0, high: 0 };
  readNumber(text, 0, text.length, halves);
  return (BigInt(halves.high) << 32n) | BigInt(halves.low);
}

describe('lexer', () => {
  it('takes words of hex letters for numbers, unless they are registers or functions', () => {
    assert.deepEqual(kinds('dead af db fch _a add'), [
      TokenKind.Number,
      TokenKind.Register,
      TokenKind.Function,
      TokenKind.Identifier,
      TokenKind.Number,
      TokenKind.Number,
    ]);
  });

  it('lets the exclamation mark belong to a name, but not to a register or number', () => {
    assert.deepEqual(texts('x!=5 @rax!=5 5!=x nt!Foo'), [
      'x!',
      '=',
      '5',
      '@rax',
      '!=',
      '5',
      '5',
      '!=',
      'x',
      'nt!Foo',
    ]);
  });

  it('reads a dot by what stands before it', () => {
    assert.deepEqual(kinds('x .y'), [TokenKind.Identifier, TokenKind.Dot, TokenKind.Identifier]);
    assert.deepEqual(kinds('= .y'), [TokenKind.Assign, TokenKind.Global]);
    assert.deepEqual(kinds('= .5 1. 1f.5'), [
      TokenKind.Assign,
      TokenKind.Float,
      TokenKind.Float,
      TokenKind.Number,
      TokenKind.Dot,
      TokenKind.Number,
    ]);
  });

  it('closes a block comment as upstream does', () => {
    assert.deepEqual(texts('/* a ***/ x'), ['x']);
    assert.deepEqual(kinds('/* a **/ x'), [TokenKind.Unknown]);
  });

  it('notices parentheses in strings and comments', () => {
    assert.equal(tokenize('x = 1; // fine').hiddenPunctuation, false);
    assert.equal(tokenize('x = 1; // (').hiddenPunctuation, true);
    assert.equal(tokenize('printf(")");').hiddenPunctuation, true);
  });

  it('reads numbers in all radixes, modulo 2^64', () => {
    assert.equal(number('10'), 0x10n);
    assert.equal(number('0n10'), 10n);
    assert.equal(number('0o17'), 15n);
    assert.equal(number('0y101'), 5n);
    assert.equal(number('0x'), 0n);
    assert.equal(number('1`0000'), 0x10000n);
    assert.equal(number('0n18446744073709551617'), 1n);
    assert.equal(number('123456789abcdef01'), 0x23456789abcdef01n);
    assert.equal(number('a_b'), 0xc8bn);
  });

  it('reads strings', () => {
    const bytes = (text: string): string =>
      Buffer.from(readString(text, 0, text.length, 'utf8')).toString('hex');
    assert.equal(bytes('"a\\n\\x41\\xe9"'), '610a41e900');
    assert.equal(bytes('"\u20ac\u{1f600}"'), 'e282acf09f988000');
    const wide = 'L"a\u00e9\\x4e2d"';
    assert.equal(
      Buffer.from(readWideString(wide, 0, wide.length, 'utf8')).toString('hex'),
      '6100e9002d4e0000',
    );
    assert.equal(
      Buffer.from(readWideString(wide, 0, wide.length, 'latin1')).toString('hex'),
      '6100e9ff2d4e0000',
    );
    assert.deepEqual(kinds('"\\x41B"'), [TokenKind.Unknown]);
  });

  it('knows hardware pins and ports only when it is told about them', () => {
    const tokens = tokenize('@hw_pin3 @hw_port1 @hw_pin4', { pins: 4, ports: 2 });
    assert.deepEqual([...tokens.kinds].slice(0, 3), [
      TokenKind.Register,
      TokenKind.Register,
      TokenKind.Unknown,
    ]);
    assert.deepEqual([...tokens.values].slice(0, 2), [3, 5]);
    assert.deepEqual(kinds('@hw_pin3'), [TokenKind.Unknown]);
  });
});
