/** Values of command-line options. Each function is a parser for commander: it returns the value or throws. */

import { InvalidArgumentError } from 'commander';
import { MAX_CORES } from '../../driver/embedded/embedded-machine';

/** An address or number in hexadecimal, as everywhere in HyperDbg: `401000`, `0x401000`, fffff800`00000000. */
export function hexValue(text: string): bigint {
  const digits = text.replaceAll('`', '').replace(/^0x/i, '');
  if (!/^[0-9a-f]{1,16}$/i.test(digits)) {
    throw new InvalidArgumentError('Give a hexadecimal number of at most 16 digits, e.g. 401000.');
  }
  return BigInt(`0x${digits}`);
}

/** A positive decimal whole number. */
export function countValue(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('Give a whole number from 1 up, in decimal.');
  }
  return value;
}

/** Processor cores of the embedded machine. */
export function coreCount(text: string): number {
  const count = countValue(text);
  if (count > MAX_CORES) throw new InvalidArgumentError(`Give a number from 1 to ${MAX_CORES}.`);
  return count;
}

/** Seconds as milliseconds; fractions are allowed. */
export function secondsAsMs(text: string): number {
  const seconds = Number(text);
  // setTimeout cannot count further.
  if (text.trim() === '' || !(seconds > 0) || seconds > 2_000_000) {
    throw new InvalidArgumentError('Give a number of seconds above 0, e.g. 10 or 0.5.');
  }
  return Math.ceil(seconds * 1000);
}

/** A TCP port; 0 takes a free one. */
export function portValue(text: string): number {
  const port = Number(text);
  if (!/^[0-9]+$/.test(text) || port > 65535) {
    throw new InvalidArgumentError('Give a port from 0 to 65535 (0 takes a free one).');
  }
  return port;
}

/** Collects `NAME=HEX` of repeated options. */
export function symbolValue(
  text: string,
  previous: ReadonlyMap<string, bigint> | undefined,
): Map<string, bigint> {
  const equals = text.lastIndexOf('=');
  if (equals < 1)
    throw new InvalidArgumentError('Give NAME=ADDRESS with a hexadecimal address, e.g. nt!Foo=401000.');
  return new Map(previous).set(text.slice(0, equals), hexValue(text.slice(equals + 1)));
}

/** Collects the values of a repeated option. */
export function collected(text: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), text];
}

/** One of a few words. */
export function choiceValue<Choice extends string>(...choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) throw new InvalidArgumentError(`Give one of: ${choices.join(', ')}.`);
    return chosen;
  };
}
