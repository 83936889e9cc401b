import { RequestError } from './request-error';
import type { RequestTable } from './request-table';

type Kind = 'string' | 'number' | 'object' | 'array';

/** Arguments without which a request means nothing. The protocol types promise them; clients do not always keep the promise. */
const REQUIRED: { readonly [Command in keyof RequestTable]?: Readonly<Record<string, Kind>> } = {
  setBreakpoints: { source: 'object' },
  breakpointLocations: { source: 'object', line: 'number' },
  setFunctionBreakpoints: { breakpoints: 'array' },
  setInstructionBreakpoints: { breakpoints: 'array' },
  dataBreakpointInfo: { name: 'string' },
  setDataBreakpoints: { breakpoints: 'array' },
  exceptionInfo: { threadId: 'number' },
  next: { threadId: 'number' },
  stepIn: { threadId: 'number' },
  stepOut: { threadId: 'number' },
  gotoTargets: { source: 'object', line: 'number' },
  goto: { threadId: 'number', targetId: 'number' },
  stackTrace: { threadId: 'number' },
  scopes: { frameId: 'number' },
  variables: { variablesReference: 'number' },
  setVariable: { variablesReference: 'number', name: 'string', value: 'string' },
  evaluate: { expression: 'string' },
  setExpression: { expression: 'string', value: 'string' },
  readMemory: { memoryReference: 'string', count: 'number' },
  writeMemory: { memoryReference: 'string', data: 'string' },
  disassemble: { memoryReference: 'string', instructionCount: 'number' },
  hyperdbgModifyEvents: { verb: 'string' },
};

/** Fields of the elements of list arguments. */
const REQUIRED_IN_LISTS: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Kind>>>>>> =
  {
    setBreakpoints: { breakpoints: { line: 'number' } },
    setFunctionBreakpoints: { breakpoints: { name: 'string' } },
    setInstructionBreakpoints: { breakpoints: { instructionReference: 'string' } },
    setDataBreakpoints: { breakpoints: { dataId: 'string' } },
  };

/** Checks the arguments of a request. Throws RequestError that names the first one at fault. */
export function checkArguments(command: string, args: unknown): void {
  const required = REQUIRED[command as keyof RequestTable] ?? {};
  checkFields(command, '', args, required);
  for (const [name, fields] of Object.entries(REQUIRED_IN_LISTS[command] ?? {})) {
    const list = fieldOf(args, name);
    if (list === undefined) continue;
    if (!Array.isArray(list)) throw wrong(command, name, 'array');
    for (const [i, item] of list.entries()) checkFields(command, `${name}[${i}].`, item, fields);
  }
}

function checkFields(
  command: string,
  prefix: string,
  value: unknown,
  fields: Readonly<Record<string, Kind>>,
): void {
  for (const [name, kind] of Object.entries(fields)) {
    if (kindOf(fieldOf(value, name)) !== kind) throw wrong(command, `${prefix}${name}`, kind);
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function wrong(command: string, name: string, kind: Kind): RequestError {
  const article = kind === 'object' || kind === 'array' ? 'an' : 'a';
  return new RequestError(`The request "${command}" needs ${article} ${kind} as "${name}".`, false);
}
