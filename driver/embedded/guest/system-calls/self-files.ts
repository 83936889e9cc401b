/** Files that tell a process about itself: /dev/stdin, /dev/fd, /proc/self. */

import { OPEN_FLAG } from '../descriptors';
import type { FileStatus } from '../file-system';
import { MemoryFile } from '../memory-nodes';
import { openNode } from '../open-file';
import type { GuestProcess } from '../process';

interface SelfFile {
  /** Opens it; the descriptor. */
  add(closeOnExec: boolean): number;
  readonly status: FileStatus;
}

const STANDARD: Readonly<Record<string, number>> = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 };
const DESCRIPTOR = /^(?:\/dev\/fd|\/proc\/(?:self|thread-self)\/fd)\/(\d+)$/;

/** The texts of /proc/self. */
const TEXTS: Readonly<Record<string, (process: GuestProcess) => string>> = {
  cmdline: ({ executable }) => `${executable}\0`,
  comm: ({ executable, current }) => `${current.name ?? executable.slice(executable.lastIndexOf('/') + 1)}\n`,
  maps: mappings,
  stat: (process) => `${process.id} (${process.executable}) R ${process.parent?.id ?? 1} ${process.id} 0\n`,
  status: (process) =>
    [
      `Name:\t${process.executable.slice(process.executable.lastIndexOf('/') + 1).slice(0, 15)}`,
      'State:\tR (running)',
      `Tgid:\t${process.id}`,
      `Pid:\t${process.current.id}`,
      `PPid:\t${process.parent?.id ?? 1}`,
      'Uid:\t1000\t1000\t1000\t1000',
      'Gid:\t1000\t1000\t1000\t1000',
      `Threads:\t${process.threads.length}`,
      '',
    ].join('\n'),
};

function mappings({ space }: GuestProcess): string {
  const lines = space.regions.map(({ start, end, read, write, execute, name, isShared }) => {
    const range = `${hex(start)}-${hex(end)}`;
    const rights = `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}${isShared ? 's' : 'p'}`;
    const line = `${range} ${rights} 00000000 00:00 0 `;
    return name === '' ? `${line}\n` : `${line.padEnd(73)}${name}\n`;
  });
  return lines.join('');
}

const hex = (address: number): string => address.toString(16).padStart(8, '0');

/** undefined for a path that has nothing to do with the process. */
export function describeSelf(process: GuestProcess, guest: string): SelfFile | undefined {
  const number = STANDARD[guest] ?? DESCRIPTOR.exec(guest)?.[1];
  if (number !== undefined) return descriptorFile(process, Number(number));
  const name = /^\/proc\/(?:self|thread-self|(\d+))\/(\w+)$/.exec(guest);
  if (name?.[1] !== undefined && Number(name[1]) !== process.id) return undefined;
  const text = TEXTS[name?.[2] ?? '']?.(process);
  return text === undefined ? undefined : textFile(process, guest, text);
}

/** It is the same as a copy of the descriptor. */
function descriptorFile({ descriptors }: GuestProcess, fd: number): SelfFile {
  return {
    add: (closeOnExec) => descriptors.duplicate(fd, { closeOnExec }),
    status: descriptors.get(fd).status(),
  };
}

function textFile({ files, descriptors }: GuestProcess, guest: string, text: string): SelfFile {
  const file = new MemoryFile();
  file.write(0, Buffer.from(text, 'utf8'));
  file.mode = 0o444;
  return {
    add: (closeOnExec) => {
      const opened = openNode(files, guest, file, { write: false, append: false });
      return descriptors.add(opened, { closeOnExec, flags: OPEN_FLAG.readOnly });
    },
    // The kernel does not know their size before they are read.
    status: { ...files.status(file), sizeBytes: 0 },
  };
}
