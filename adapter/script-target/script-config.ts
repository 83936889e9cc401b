import { numberOfJson, registersOfJson } from '../../script-engine/conformance/user-mode';
import { RequestError } from '../session/request-error';
import type { LaunchArguments } from '../session/request-table';

/** A launch configuration with `"target": "script"` whose attributes have been checked. */
export interface ScriptConfig {
  readonly script: string;
  readonly scriptArgs: readonly string[];
  /** Number of the event in the file, from 1; undefined: the first block that can be run. */
  readonly event: number | undefined;
  /** Number of the `//@ on:` line of that event, from 1. */
  readonly occurrence: number | undefined;
  readonly registers: ReadonlyMap<string, bigint>;
  readonly memory: readonly { readonly address: bigint; readonly bytes: Uint8Array }[];
  readonly symbols: ReadonlyMap<string, bigint>;
  readonly maxInstructions: number | undefined;
  readonly stopOnEntry: boolean;
}

/** Checks what a client sent. Throws RequestError that names the attribute. */
export function readScriptConfig(given: LaunchArguments): ScriptConfig {
  if (typeof given.script !== 'string' || given.script === '') {
    throw new RequestError(
      'No "script" is set in the launch configuration; name the .hds file whose script shall be debugged.',
    );
  }
  const scriptArgs = given.scriptArgs ?? [];
  if (!Array.isArray(scriptArgs)) throw wrong('scriptArgs', 'a list of texts');
  return {
    script: given.script,
    scriptArgs: scriptArgs.map(String),
    event: count('event', given.event),
    occurrence: count('occurrence', given.occurrence),
    registers: registers(given.registers),
    memory: memory(given.memory),
    symbols: symbols(given.symbols),
    maxInstructions: count('maxInstructions', given.maxInstructions),
    stopOnEntry: flag(given.stopOnEntry),
  };
}

function wrong(name: string, wanted: string): RequestError {
  return new RequestError(`"${name}" in the launch configuration must be ${wanted}.`);
}

function flag(value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw wrong('stopOnEntry', 'true or false');
  return value;
}

function count(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const isCount = typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
  if (!isCount) throw wrong(name, 'a whole number from 1');
  return value;
}

function entries(name: string, value: unknown, example: string): [string, string | number][] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(name, `an object such as ${example}`);
  return Object.entries(value).map(([key, item]: [string, unknown]) => {
    if (typeof item !== 'string' && typeof item !== 'number')
      throw wrong(name, `an object such as ${example}`);
    return [key, item];
  });
}

function registers(value: unknown): ReadonlyMap<string, bigint> {
  const read = registersOfJson(Object.fromEntries(entries('registers', value, '{ "rax": "0x10" }')));
  if (typeof read === 'string') throw new RequestError(`"registers" in the launch configuration: ${read}`);
  return read;
}

function symbols(value: unknown): ReadonlyMap<string, bigint> {
  const example = '{ "module!name": "0x401000" }';
  return new Map(
    entries('symbols', value, example).map(([name, text]) => {
      const address = numberOfJson(text);
      if (address === undefined) throw wrong('symbols', `an object such as ${example}`);
      return [name, address];
    }),
  );
}

function memory(value: unknown): ScriptConfig['memory'] {
  const example = '{ "0x1000": "48 89 c8" }';
  return entries('memory', value, example).map(([place, text]) => {
    const address = numberOfJson(place);
    const digits = String(text).replaceAll(/\s/g, '');
    if (address === undefined || !/^(?:[0-9a-f]{2})+$/i.test(digits))
      throw wrong('memory', `an object such as ${example}: an address, and bytes in hexadecimal`);
    return { address, bytes: Uint8Array.from(Buffer.from(digits, 'hex')) };
  });
}
