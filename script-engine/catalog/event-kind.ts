/** What the table of events says of each kind, and how its rows are written. */

export type EventStage = 'pre' | 'post' | 'all';
export type AccessMode = 'r' | 'w' | 'x' | 'rw' | 'rx' | 'wx' | 'rwx';

/** Option word meaning "no filter" in a parameter that may be left out. */
export const ALL = 0xffff_ffffn;

interface ParameterBase {
  /** As it stands in the syntax line, e.g. `Address`. */
  readonly name: string;
  readonly summary: string;
}

/** `option` counts from 0: OptionalParam1 is option 0. */
export type EventParameter =
  | (ParameterBase & { readonly kind: 'address'; readonly option: number })
  /** First and last byte, or first byte and `l` length; options 0 and 1. */
  | (ParameterBase & { readonly kind: 'range' })
  /** Letters that choose the event type. */
  | (ParameterBase & { readonly kind: 'access' })
  /** `va` or `pa`, anywhere in the command. */
  | (ParameterBase & { readonly kind: 'space'; readonly option: number })
  | (ParameterBase & {
      readonly kind: 'number';
      readonly option: number;
      /** What stands in the option when the number is left out; undefined: it may not be. */
      readonly absent: bigint | undefined;
      readonly least: bigint;
      readonly most: bigint;
      /** The only values there are, when a range does not say it. */
      readonly values?: readonly bigint[];
    })
  /** A number that is a filter when it is given: option 0 says that there is one, option 1 holds it. */
  | (ParameterBase & { readonly kind: 'filter'; readonly most: bigint })
  | (ParameterBase & {
      readonly kind: 'choice';
      readonly option: number;
      readonly words: ReadonlyMap<string, bigint>;
    });

export interface EventCommand {
  /** With its `!`. */
  readonly name: string;
  /** A value that this spelling of the command puts into an option. */
  readonly fixed?: { readonly option: number; readonly value: bigint };
}

export interface EventType {
  /** VMM_EVENT_TYPE_ENUM. */
  readonly type: number;
  /** Its name in the SDK. */
  readonly name: string;
  /** Which letters of `!monitor` choose it. */
  readonly access?: AccessMode;
}

export interface EventKind {
  /** Spellings; the first is the main one. Empty: no command makes this event. */
  readonly commands: readonly EventCommand[];
  readonly types: readonly EventType[];
  readonly syntax: string;
  readonly summary: string;
  readonly parameters: readonly EventParameter[];
  /** Values of `stage` with which it can fire. */
  readonly stages: readonly EventStage[];
  /** What `$context`, R8 of custom code and RDX of a condition hold. */
  readonly context: string;
  /** What short-circuiting does; undefined: nothing. */
  readonly shortCircuit: string | undefined;
  /** It wants a process of its own: `pid` may not be left out or `all`. */
  readonly needsProcess: boolean;
  readonly example: string;
  /** What to know before using it. */
  readonly note?: string;
}

const OPTIONS = '[<event options>]';
const anyStage: readonly EventStage[] = ['pre', 'post', 'all'];
export const preOnly: readonly EventStage[] = ['pre'];
export const U32 = 0xffff_ffffn;
export const U64 = 0xffff_ffff_ffff_ffffn;

export const address = (summary: string): EventParameter => ({
  kind: 'address',
  name: 'Address',
  summary,
  option: 0,
});

export function number(
  name: string,
  summary: string,
  limits: {
    readonly absent?: bigint;
    readonly least?: bigint;
    readonly most?: bigint;
    readonly option?: number;
  },
): EventParameter {
  const { absent, least = 0n, most = U32, option = 0 } = limits;
  return { kind: 'number', name, summary, option, absent, least, most };
}

interface KindRow {
  readonly commands: readonly (string | EventCommand)[];
  readonly types: readonly (readonly [type: number, name: string, access?: AccessMode])[];
  readonly takes?: string;
  readonly summary: string;
  readonly parameters?: readonly EventParameter[];
  readonly stages?: readonly EventStage[];
  readonly context: string;
  readonly shortCircuit?: string;
  readonly needsProcess?: boolean;
  readonly example?: string;
  readonly note?: string;
}

export function kind(row: KindRow): EventKind {
  const commands = row.commands.map((command) => (typeof command === 'string' ? { name: command } : command));
  const [main] = commands;
  const note = row.note === undefined ? {} : { note: row.note };
  return {
    commands,
    types: row.types.map(([type, name, access]) =>
      access === undefined ? { type, name } : { type, name, access },
    ),
    syntax: [main?.name ?? '', row.takes ?? '', OPTIONS].filter((word) => word !== '').join(' '),
    summary: row.summary,
    parameters: row.parameters ?? [],
    stages: row.stages ?? anyStage,
    context: row.context,
    shortCircuit: row.shortCircuit,
    needsProcess: row.needsProcess ?? false,
    example: row.example ?? '',
    ...note,
  };
}
