import assert from 'node:assert/strict';
import { Descriptors } from '../../../../driver/embedded/guest/descriptors';
import { EPOLL, EpollSet } from '../../../../driver/embedded/guest/epoll';
import { GuestError } from '../../../../driver/embedded/guest/errno';
import { createPipe, createSocketPair, POLL } from '../../../../driver/embedded/guest/streams';
import { GuestTimer } from '../../../../driver/embedded/guest/timers';

const fails = (errorName: string, call: () => unknown): void =>
  assert.throws(call, (error: Error) => error instanceof GuestError && error.errorName === errorName);

describe('readiness of what a guest waits for', () => {
  it('of a pipe: data, room, and who has left', () => {
    const { reader, writer } = createPipe();
    assert.equal((reader.poll?.() ?? 0) & POLL.in, 0);
    fails('EAGAIN', () => reader.read(1));
    assert.equal(writer.write(Buffer.alloc(70_000)), 65_536);
    fails('EAGAIN', () => writer.write(Buffer.alloc(1)));
    assert.equal((writer.poll?.() ?? 0) & POLL.out, 0);
    assert.equal(reader.available?.(), 65_536);
    assert.equal(reader.read(100_000).length, 65_536);
    writer.close();
    assert.equal(reader.poll?.(), POLL.hangUp);
    assert.equal(reader.read(1).length, 0);
    reader.close();
    fails('EPIPE', () => writer.write(Buffer.alloc(1)));
  });

  it('of a pair of sockets: both ways, until one end closes', () => {
    const [one, other] = createSocketPair();
    one.write(Buffer.from('there'));
    other.write(Buffer.from('back'));
    assert.equal(Buffer.from(other.read(10)).toString(), 'there');
    assert.equal(Buffer.from(one.read(10)).toString(), 'back');
    one.close();
    assert.equal(other.read(1).length, 0);
    fails('EPIPE', () => other.write(Buffer.alloc(1)));
  });

  it('of an epoll set: by level, by edge, once, and not of what is closed', () => {
    const descriptors = new Descriptors();
    const { reader, writer } = createPipe();
    const fd = descriptors.add(reader);
    const description = descriptors.description(fd);
    const set = new EpollSet();
    const told = (): number[] => set.take(8).map(({ events }) => events);
    set.control(EPOLL.add, fd, description, { events: POLL.in, data: 7n });
    fails('EEXIST', () => set.control(EPOLL.add, fd, description, { events: POLL.in, data: 7n }));
    assert.deepEqual(told(), []);
    writer.write(Buffer.from('a'));
    assert.deepEqual([told(), told()], [[POLL.in], [POLL.in]]);
    set.control(EPOLL.modify, fd, description, { events: POLL.in | (1 << 31), data: 7n });
    assert.deepEqual([told(), told()], [[POLL.in], []]);
    writer.write(Buffer.from('b'));
    assert.deepEqual([told(), told()], [[POLL.in], []]);
    set.control(EPOLL.modify, fd, description, { events: POLL.in | (1 << 30), data: 7n });
    assert.deepEqual([told(), told()], [[POLL.in], []]);
    set.control(EPOLL.modify, fd, description, { events: POLL.in, data: 7n });
    descriptors.close(fd);
    assert.deepEqual(told(), []);
  });

  it('of a timer: as often as its time has come', () => {
    let expired = 0;
    const timer = new GuestTimer((times) => (expired += times));
    timer.set({ leftMs: 10, intervalMs: 5 });
    const due = timer.dueMs ?? 0;
    timer.expire(due - 1);
    assert.equal(expired, 0);
    timer.expire(due + 11);
    assert.equal(expired, 3);
    assert.equal(timer.dueMs, due + 15);
    timer.set({ leftMs: undefined, intervalMs: 0 });
    timer.expire(due + 1000);
    assert.equal(expired, 3);
  });
});
