import { MAX_CORES } from '../../driver/embedded/embedded-machine';
import { RequestError } from './request-error';
import type { AttachArguments, LaunchArguments } from './request-table';

/** What every session does at its start, whatever its target is. */
export interface StartConfig {
  readonly scripts: readonly string[];
  readonly scriptArgs: readonly string[];
  readonly stopOnEntry: boolean;
  /** Events count their hits in the target. */
  readonly countHits: boolean;
}

/** A launch configuration whose attributes have been checked. */
export interface LaunchConfig extends StartConfig {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>> | undefined;
  readonly cores: number | undefined;
  /** File that the program reads as its standard input. */
  readonly stdin: string | undefined;
}

/** An attach configuration whose attributes have been checked. */
export interface AttachConfig extends StartConfig {
  readonly connection: string;
  readonly program: string | undefined;
  readonly signature: string | undefined;
  readonly symbolPath: readonly string[];
}

/** Checks what a client sent. Throws RequestError that names the attribute. */
export function readLaunchConfig(given: LaunchArguments): LaunchConfig {
  if (given.target !== undefined) {
    throw new RequestError(
      `"target" in the launch configuration is ${JSON.stringify(given.target)}; write "script" to debug a script itself, or leave it out.`,
    );
  }
  if (given.program === undefined || given.program === '') {
    throw new RequestError(
      'No "program" is set in the launch configuration; name a Linux x86-64 program for the embedded machine to run.',
    );
  }
  if (typeof given.program !== 'string') throw wrongKind('program', 'a path');
  return {
    program: given.program,
    args: texts('args', given.args),
    environment: given.env === undefined ? undefined : environment(given.env),
    cores: given.cores === undefined ? undefined : coreCount(given.cores),
    stdin: given.stdin === undefined || given.stdin === '' ? undefined : text('stdin', given.stdin),
    ...startConfig(given),
  };
}

/** Checks what a client sent. Throws RequestError that names the attribute. */
export function readAttachConfig(given: AttachArguments): AttachConfig {
  const { connection } = given;
  if (connection === undefined || connection === '') {
    throw new RequestError(
      'No "connection" is set in the attach configuration; give the address of the target, e.g. "tcp:127.0.0.1:50000".',
    );
  }
  if (typeof connection !== 'string') throw wrongKind('connection', 'a text such as "tcp:127.0.0.1:50000"');
  const optional = (name: string, value: unknown): string | undefined =>
    value === undefined || value === '' ? undefined : text(name, value);
  return {
    connection,
    program: optional('program', given.program),
    signature: optional('signature', given.signature),
    symbolPath: texts('symbolPath', given.symbolPath),
    ...startConfig(given),
  };
}

function startConfig(given: LaunchArguments | AttachArguments): StartConfig {
  return {
    scripts: [
      ...(given.script === undefined || given.script === '' ? [] : [text('script', given.script)]),
      ...texts('scripts', given.scripts),
    ],
    scriptArgs: texts('scriptArgs', given.scriptArgs),
    stopOnEntry: flag('stopOnEntry', given.stopOnEntry),
    countHits: flag('countHits', given.countHits),
  };
}

function wrongKind(name: string, wanted: string): RequestError {
  return new RequestError(`"${name}" in the launch configuration must be ${wanted}.`);
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongKind(name, 'a path');
  return value;
}

function texts(name: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrongKind(name, 'a list of texts');
  return value.map((item: unknown) => {
    if (typeof item === 'string') return item;
    if (typeof item === 'number') return String(item);
    throw wrongKind(name, 'a list of texts');
  });
}

function coreCount(value: unknown): number {
  const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_CORES;
  if (!isCount) throw wrongKind('cores', `a whole number from 1 to ${MAX_CORES}`);
  return value;
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw wrongKind(name, 'true or false');
  return value;
}

function environment(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongKind('env', 'an object of texts');
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, setting]) => {
      if (typeof setting !== 'string') throw wrongKind('env', 'an object of texts');
      return [name, setting];
    }),
  );
}
