/** Searching the machine's memory (driver-protocol 6.4, 8.4). */

import { ANSWER, REQUEST } from '../../kd/packets';
import type { RecordWithTail } from '../../kd/packet';
import type { StructOf } from '../../sdk/layout';
import type { DEBUGGER_SEARCH_MEMORY } from '../../sdk/structs.generated';
import {
  DEBUGGER_ERROR,
  DEBUGGER_SEARCH_MEMORY_TYPE as SEARCH,
  OPERATION,
  SDK,
} from '../../sdk/tables.generated';
import type { Machine } from './machine';
import { narrow, readUpTo, widthBytes } from './memory-requests';
import type { Install } from './server-context';

const OK = DEBUGGER_ERROR.DEBUGGER_OPERATION_WAS_SUCCESSFUL;
const MAX_SEARCH_BYTES = 64n << 20n;

type Question = RecordWithTail<StructOf<typeof DEBUGGER_SEARCH_MEMORY>, readonly bigint[]>;

/** Offsets of `needle` that are a multiple of `step`. */
function findAll(haystack: Uint8Array, needle: Uint8Array, step: number): number[] {
  const bytes = Buffer.from(haystack.buffer, haystack.byteOffset, haystack.length);
  const found: number[] = [];
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
    if (at % step !== 0) continue;
    found.push(at);
    if (found.length === SDK.MaximumSearchResults) break;
  }
  return found;
}

/**
 * Addresses of the pattern, up to the first page that is not there; undefined for a request that makes no sense. Unlike the
 * real driver's, the comparison looks at all values of a pattern (6.4, QUIRK).
 */
export function searchMemory(machine: Machine, { record, tail }: Question): readonly bigint[] | undefined {
  const width = widthBytes(record.ByteSize);
  const isPhysical = record.MemoryType === SEARCH.SEARCH_PHYSICAL_MEMORY;
  const isSane =
    (isPhysical || record.MemoryType === SEARCH.SEARCH_VIRTUAL_MEMORY) &&
    record.Length > 0n &&
    record.Length <= MAX_SEARCH_BYTES &&
    tail.length > 0;
  if (width === undefined || !isSane) return undefined;
  const space = isPhysical ? 'physical' : 'virtual';
  const haystack = readUpTo(machine, space, record.Address, Number(record.Length));
  return findAll(haystack, narrow(tail, width), width).map(
    (byteOffset) => record.Address + BigInt(byteOffset),
  );
}

export function installSearchRequest(install: Install): void {
  install(REQUEST.search, ({ machine, send, log }, question) => {
    const found = searchMemory(machine, question);
    if (found === undefined) {
      send(ANSWER.search, { CountOfResults: 0, Result: DEBUGGER_ERROR.DEBUGGER_ERROR_MEMORY_TYPE_INVALID });
      return;
    }
    for (const address of found)
      log(OPERATION.OPERATION_LOG_INFO_MESSAGE, `${address.toString(16).padStart(16, '0')}\n`);
    send(ANSWER.search, { CountOfResults: found.length, Result: OK });
  });
}
