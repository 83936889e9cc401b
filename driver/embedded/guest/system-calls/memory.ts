import { PAGE_BYTES } from '../../memory/physical-memory';
import { pageEnd, pageStart, type RegionRights } from '../address-space';
import { OPEN_FLAG } from '../descriptors';
import { fail } from '../errno';
import type { GuestProcess } from '../process';
import type { CallArguments, CallTable } from './call';

const PROT = { read: 1, write: 2, execute: 4 } as const;
const MAP = { shared: 1, fixed: 0x10, anonymous: 0x20, fixedNoReplace: 0x10_0000 } as const;
const MREMAP_MAYMOVE = 1;
const HEAP_LIMIT_BYTES = 1 << 30;

const rights = (protection: number): RegionRights => ({
  read: (protection & (PROT.read | PROT.write | PROT.execute)) !== 0,
  write: (protection & PROT.write) !== 0,
  execute: (protection & PROT.execute) !== 0,
});

function mmap(
  process: GuestProcess,
  [hint, sizeBytes, protection, flags, fd, offset]: CallArguments,
): number {
  const { space } = process;
  const length = pageEnd(sizeBytes);
  if (length <= 0 || offset % PAGE_BYTES !== 0) fail('EINVAL');
  const isFixed = (flags & (MAP.fixed | MAP.fixedNoReplace)) !== 0;
  if (isFixed && hint % PAGE_BYTES !== 0) fail('EINVAL');
  const start = isFixed ? hint : space.findFree(length, pageStart(hint));
  if ((flags & MAP.fixedNoReplace) !== 0 && overlaps(process, start, start + length)) fail('EEXIST');
  const isShared = (flags & MAP.shared) !== 0;
  if ((flags & MAP.anonymous) !== 0) {
    space.map(start, start + length, rights(protection), '', isShared);
    return start;
  }
  const { file, flags: opened } = process.descriptors.description(fd | 0);
  if (file.path === undefined && file.directory === undefined && file.poll !== undefined) fail('ENODEV');
  const mode = opened & OPEN_FLAG.accessMode;
  const writesFile = isShared && (protection & PROT.write) !== 0;
  if (mode === OPEN_FLAG.writeOnly || (writesFile && mode !== OPEN_FLAG.readWrite)) fail('EACCES');
  // A mapping is a snapshot of the file; a shared one is written back by msync and munmap.
  const bytes = file.read(Math.min(sizeBytes, Math.max(0, file.status().sizeBytes - offset)), offset);
  space.map(start, start + length, rights(protection), file.path, isShared);
  if (bytes.length > 0) space.poke(start, bytes);
  if (writesFile) process.sharedMappings.set(start, { file, offset, sizeBytes: bytes.length });
  return start;
}

function overlaps(process: GuestProcess, start: number, end: number): boolean {
  return process.space.regions.some((region) => region.start < end && region.end > start);
}

function brk(process: GuestProcess, wanted: number): number {
  const { heapStart, heapEnd, space } = process;
  if (wanted < heapStart || wanted > heapStart + HEAP_LIMIT_BYTES) return heapEnd;
  const from = pageEnd(heapEnd);
  const to = pageEnd(wanted);
  if (to > from) {
    if (overlaps(process, from, to)) return heapEnd;
    space.map(from, to, { read: true, write: true, execute: false }, '[heap]');
  } else if (to < from) {
    space.unmap(to, from);
  }
  process.heapEnd = wanted;
  return wanted;
}

function mremap(
  process: GuestProcess,
  old: number,
  oldBytes: number,
  newBytes: number,
  flags: number,
): number {
  const { space } = process;
  const region = space.regionAt(old) ?? fail('EFAULT');
  const [from, to] = [pageEnd(oldBytes), pageEnd(newBytes)];
  if (to <= from) {
    if (to < from) space.unmap(old + to, old + from);
    return old;
  }
  if (!overlaps(process, old + from, old + to)) {
    space.map(old + from, old + to, region, region.name);
    return old;
  }
  if ((flags & MREMAP_MAYMOVE) === 0) fail('ENOMEM');
  const start = space.findFree(to);
  space.map(start, start + to, region, region.name);
  space.poke(start, space.read(old, from));
  space.unmap(old, old + from);
  return start;
}

function checkMapped(process: GuestProcess, start: number, end: number): void {
  for (let at = start; at < end;) at = process.space.regionAt(at)?.end ?? fail('ENOMEM');
}

/** One byte for each page, 1 where it is there. */
function residence(process: GuestProcess, start: number, sizeBytes: number, to: number): number {
  if (start % PAGE_BYTES !== 0) fail('EINVAL');
  const end = start + pageEnd(sizeBytes);
  checkMapped(process, start, end);
  const isThere = (index: number): boolean =>
    process.space.tables.translate(BigInt(start + index * PAGE_BYTES)) !== undefined;
  const pages = Array.from({ length: (end - start) / PAGE_BYTES }, (_, index) => (isThere(index) ? 1 : 0));
  process.space.write(to, Uint8Array.from(pages));
  return 0;
}

const ADVICE_DO_NOT_NEED = 4;
const LAST_ADVICE = 25;

/** MADV_DONTNEED is the one with a meaning that a program can see: private memory reads as zeros afterwards. */
function advise(process: GuestProcess, start: number, sizeBytes: number, advice: number): number {
  if (start % PAGE_BYTES !== 0 || advice < 0 || (advice > LAST_ADVICE && advice < 100)) fail('EINVAL');
  const end = start + pageEnd(sizeBytes);
  checkMapped(process, start, end);
  if (advice === ADVICE_DO_NOT_NEED) process.space.forget(start, end);
  return 0;
}

export const memoryCalls: CallTable = {
  9: ['mmap', (process, a) => mmap(process, a)],
  10: [
    'mprotect',
    (process, [start, sizeBytes, protection]) => {
      if (start % PAGE_BYTES !== 0) fail('EINVAL');
      process.space.protect(start, start + pageEnd(sizeBytes), rights(protection));
      return 0;
    },
  ],
  11: [
    'munmap',
    (process, [start, sizeBytes]) => {
      if (start % PAGE_BYTES !== 0 || sizeBytes <= 0) fail('EINVAL');
      process.writeBack(start, start + pageEnd(sizeBytes));
      process.sharedMappings.delete(start);
      process.space.unmap(start, start + pageEnd(sizeBytes));
      return 0;
    },
  ],
  12: ['brk', (process, [wanted]) => brk(process, wanted)],
  25: [
    'mremap',
    (process, [old, oldBytes, newBytes, flags]) => mremap(process, old, oldBytes, newBytes, flags),
  ],
  26: ['msync', (process, [start, sizeBytes]) => (process.writeBack(start, start + sizeBytes), 0)],
  27: ['mincore', (process, [start, sizeBytes, to]) => residence(process, start, sizeBytes, to)],
  28: ['madvise', (process, [start, sizeBytes, advice]) => advise(process, start, sizeBytes, advice)],
  149: ['mlock', () => 0],
  150: ['munlock', () => 0],
  151: ['mlockall', () => 0],
  152: ['munlockall', () => 0],
  325: ['mlock2', () => 0],
};
