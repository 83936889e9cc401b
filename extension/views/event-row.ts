/** Events of a session as the adapter lists them, and how a list shows them. No editor API: tests run it bare. */

/** An entry of the adapter's answer to `hyperdbgEvents`. */
export interface EventRow {
  readonly number: number;
  readonly tag: string;
  readonly id: string;
  readonly command: string;
  readonly label: string;
  readonly state: 'enabled' | 'disabled' | 'cleared';
  readonly address?: string;
  readonly place?: string;
  readonly stage: 'pre' | 'post' | 'all';
  readonly processId?: string;
  readonly core?: number;
  readonly hasCondition: boolean;
  readonly hits?: string;
  readonly stops: number;
  readonly messages: number;
  readonly lastMs?: number;
  readonly actions: readonly EventAction[];
  readonly path?: string;
  readonly line?: number;
}

export interface EventAction {
  readonly kind: 'break' | 'script' | 'code';
  readonly detail: string;
  readonly bufferSizeBytes: number;
}

/** What a line of a list shows. */
export interface RowText {
  readonly label: string;
  readonly description: string;
  /** Lines of name and value. */
  readonly details: readonly (readonly [string, string])[];
}

export function eventText(row: EventRow): RowText {
  const where = [row.address, row.place === undefined ? undefined : `(${row.place})`]
    .filter(isText)
    .join(' ');
  const details: (readonly [string, string] | undefined)[] = [
    ['Event', `${row.number}, tag ${row.tag}, id ${row.id} in scripts`],
    ['State', row.state],
    where === '' ? undefined : ['Address', where],
    ['Hits', hitsText(row)],
    ['Stops', String(row.stops)],
    ['Messages', String(row.messages)],
    row.lastMs === undefined ? undefined : ['Last sign', new Date(row.lastMs).toISOString().slice(11, 23)],
    ['Stage', row.stage],
    row.processId === undefined ? undefined : ['Process', row.processId],
    row.core === undefined ? undefined : ['Core', String(row.core)],
    row.hasCondition ? ['Condition', 'machine code decides whether the actions run'] : undefined,
  ];
  return {
    label: row.label,
    description: [
      row.state === 'enabled' ? undefined : row.state,
      row.hits === undefined ? undefined : plural(Number(row.hits), 'hit'),
      row.stops > 0 ? plural(row.stops, 'stop') : undefined,
      row.messages > 0 ? plural(row.messages, 'message') : undefined,
      row.address,
      `tag ${row.tag}`,
    ]
      .filter(isText)
      .join(' · '),
    details: details.filter((entry) => entry !== undefined),
  };
}

function hitsText({ hits }: EventRow): string {
  return hits === undefined
    ? 'not counted ("countHits" in the launch configuration)'
    : `${hits}, as of the last stop`;
}

/** Names of the kinds as the driver has them. */
const ACTION_NAMES = { break: 'Break', script: 'Script', code: 'Custom code' } as const;

export function actionText({ kind, detail, bufferSizeBytes }: EventAction): RowText {
  const [firstLine = ''] = detail.split('\n', 1);
  return {
    label: ACTION_NAMES[kind],
    description: kind === 'break' ? 'stops the machine' : firstLine,
    details: [
      [ACTION_NAMES[kind], kind === 'break' ? 'BREAK_TO_DEBUGGER' : `\n${detail}`],
      ...(bufferSizeBytes === 0 ? [] : ([['Buffer', `${bufferSizeBytes} bytes`]] as const)),
    ],
  };
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}
