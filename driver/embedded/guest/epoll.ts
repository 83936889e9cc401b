/** epoll: a set of descriptions that is asked which of them are ready. */

import type { Description } from './descriptors';
import { fail } from './errno';
import { streamFile, type OpenFile } from './open-file';
import { POLL, POLL_READ, POLL_WRITE } from './streams';

export const EPOLL = { add: 1, remove: 2, modify: 3 } as const;
const FLAG = { oneShot: 2 ** 30, edge: 2 ** 31 } as const;
const ALWAYS = POLL.error | POLL.hangUp;

export interface EpollEvent {
  readonly events: number;
  readonly data: bigint;
}

interface Interest {
  readonly description: Description;
  /** 0 after EPOLLONESHOT has gone off. */
  wanted: number;
  flags: number;
  data: bigint;
  /** What was ready and what had come in when it was last told (EPOLLET). */
  told: { ready: number; arrivals: number } | undefined;
}

/** What is always ready, as the kernel says it of files without a `poll` of their own. */
export const readiness = (file: OpenFile): number => file.poll?.() ?? POLL_READ | POLL_WRITE;

export class EpollSet {
  readonly #interests = new Map<number, Interest>();
  readonly file: OpenFile = {
    ...streamFile(
      () => fail('EINVAL'),
      () => fail('EINVAL'),
    ),
    poll: () => (this.#ready().length > 0 ? POLL_READ : 0),
    epoll: this,
  };

  control(operation: number, fd: number, description: Description, event: EpollEvent | undefined): void {
    const known = this.#interests.get(fd);
    // A number that was closed and used again means another file.
    const before = known?.description === description ? known : undefined;
    switch (operation) {
      case EPOLL.add:
        if (before !== undefined) return fail('EEXIST');
        if (description.file === this.file) return fail('EINVAL');
        // A file is always ready, and cannot be waited for.
        if (description.file.poll === undefined && description.file.path !== undefined) return fail('EPERM');
        break;
      case EPOLL.modify:
        if (before === undefined) return fail('ENOENT');
        break;
      case EPOLL.remove:
        if (before === undefined) return fail('ENOENT');
        this.#interests.delete(fd);
        return;
      default:
        return fail('EINVAL');
    }
    const { events, data } = event ?? fail('EFAULT');
    const wanted = (events & 0xffff) | ALWAYS;
    this.#interests.set(fd, { description, wanted, flags: events >>> 0, data, told: undefined });
  }

  #ready(): { readonly interest: Interest; readonly ready: number }[] {
    const found = [];
    for (const [fd, interest] of this.#interests) {
      if (interest.description.references === 0) {
        this.#interests.delete(fd);
        continue;
      }
      const ready = interest.wanted === 0 ? 0 : readiness(interest.description.file) & interest.wanted;
      if (ready !== 0 && isNews(interest, ready)) found.push({ interest, ready });
    }
    return found;
  }

  /** At most `limit` of what is ready; those that were told go to the end, so that none starves. */
  take(limit: number): EpollEvent[] {
    return this.#ready()
      .slice(0, limit)
      .map(({ interest, ready }) => {
        interest.told = { ready, arrivals: interest.description.file.arrivals?.() ?? 0 };
        if ((interest.flags & FLAG.oneShot) !== 0) interest.wanted = 0;
        const entry = [...this.#interests].find(([, other]) => other === interest);
        if (entry !== undefined) {
          this.#interests.delete(entry[0]);
          this.#interests.set(...entry);
        }
        return { events: ready, data: interest.data };
      });
  }
}

function isNews({ flags, told, description }: Interest, ready: number): boolean {
  if (flags < FLAG.edge || told === undefined) return true;
  const arrivals = description.file.arrivals?.() ?? 0;
  const isMore = (ready & ~told.ready) !== 0 || arrivals !== told.arrivals;
  // Something that went away and comes back is news again.
  if (!isMore) told.ready &= ready;
  return isMore;
}
