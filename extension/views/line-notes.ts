/** What a script's lines show of its events while a session runs. No editor API: tests run it bare. */

import type { EventRow } from './event-row';

export interface LineNote {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** A note for each event of the file that has something to say. */
export function lineNotes(rows: readonly EventRow[], path: string): readonly LineNote[] {
  return rows
    .filter((row) => row.path === path && row.line !== undefined)
    .map((row) => ({ line: row.line ?? 1, text: noteOf(row) }));
}

function noteOf({ number, state, hits, stops, messages }: EventRow): string {
  const counted = hits === undefined ? undefined : `${hits} hit${hits === '1' ? '' : 's'}`;
  const seen = stops + messages > 0 ? 'seen' : 'not seen yet';
  return [`event ${number}`, state === 'enabled' ? undefined : state, counted ?? seen]
    .filter((part) => part !== undefined)
    .join(', ');
}
