import assert from 'node:assert/strict';
import { VMM_EVENT_TYPE_ENUM as TYPE } from '../../../../driver/sdk/tables.generated';
import { skipWithoutCpu } from '../../../skip';
import { buildGuest } from '../guest-programs';
import { Session } from '../session';

const FIRST_PROCESS = 42;
const READ = 0n;
const EXIT_GROUP = 231n;

describe('guest processes and their input', function () {
  this.timeout(30_000);
  let session: Session | undefined;
  beforeEach(function () {
    skipWithoutCpu(this);
  });
  afterEach(async () => {
    await session?.machine.dispose();
    session = undefined;
  });

  const ECHO = `
#include <stdio.h>
int main(void) {
  char line[100];
  puts("ready"); fflush(stdout);
  while (fgets(line, sizeof line, stdin)) { printf("got %s", line); fflush(stdout); }
  puts("end");
  return 3; }`;

  it('a program finds the end of its input at once when nobody has opened it', async function () {
    session = await Session.start(buildGuest(this, ECHO).file);
    session.machine.type('lost\n');
    assert.deepEqual(await session.finish(), { code: 3, signal: undefined });
    assert.equal(session.stdout, 'ready\nend\n');
  });

  it('a program waits for open input, can be paused meanwhile, and gets every byte', async function () {
    const { file } = buildGuest(this, ECHO);
    session = await Session.startWith({ program: file, arguments: [], input: 'open' });
    await session.debuggee.resume();
    await session.firstOutput;
    await session.debuggee.pause();
    const ended = session.finish();
    session.machine.type('one\ntw');
    session.machine.type(Buffer.from('o ü\n'));
    session.machine.endInput();
    assert.deepEqual(await ended, { code: 3, signal: undefined });
    assert.equal(session.stdout, 'ready\ngot one\ngot two ü\nend\n');
  });

  const FAMILY = `
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>
volatile int seen;
__attribute__((noinline)) void meet(int n) { seen += n; }
int main(void) {
  int status;
  meet(1);
  if (fork() == 0) { meet(10); _exit(seen); }
  wait(&status);
  meet(100);
  return WEXITSTATUS(status) == 11 && seen == 101 ? 0 : 1; }`;

  it('events tell the processes of a family apart, and a script reads the memory of the right one', async function () {
    const guest = buildGuest(this, FAMILY);
    session = await Session.start(guest.file);
    await session.arm(
      { type: TYPE.SYSCALL_HOOK_EFER_SYSCALL, options: [EXIT_GROUP] },
      session.script(`printf("exit %d %d\\n", $pid, poi(${guest.symbol('seen').toString(16)}) & 0xff);`),
    );
    assert.deepEqual(await session.finish(), { code: 0, signal: undefined });
    assert.deepEqual(
      session.messages.map((text) => text.trim()),
      [`exit ${FIRST_PROCESS + 1} 11`, `exit ${FIRST_PROCESS} 101`],
    );
  });

  it('a watched page is watched in the process that it was armed in', async function () {
    const guest = buildGuest(this, FAMILY);
    session = await Session.start(guest.file);
    const address = guest.symbol('seen');
    await session.arm(
      { type: TYPE.HIDDEN_HOOK_WRITE, options: [address, address + 3n, 0n] },
      session.script('printf("%d\\n", $pid);'),
    );
    assert.deepEqual(await session.finish(), { code: 0, signal: undefined });
    assert.deepEqual(
      session.messages.map((text) => text.trim()),
      [`${FIRST_PROCESS}`, `${FIRST_PROCESS}`],
    );
  });

  it('an event of one process does not fire in its child', async function () {
    const guest = buildGuest(this, FAMILY);
    session = await Session.start(guest.file);
    await session.arm(
      { type: TYPE.SYSCALL_HOOK_EFER_SYSCALL, options: [EXIT_GROUP], processId: FIRST_PROCESS },
      session.script('printf("%d\\n", $pid);'),
    );
    assert.deepEqual(await session.finish(), { code: 0, signal: undefined });
    assert.deepEqual(
      session.messages.map((text) => text.trim()),
      [`${FIRST_PROCESS}`],
    );
  });

  it('a waiting call is one event, however long it waits', async function () {
    const guest = buildGuest(
      this,
      `
#include <pthread.h>
#include <unistd.h>
int p[2];
void *later(void *a) { usleep(30000); write(p[1], "x", 1); return 0; }
int main(void) {
  char c; pthread_t t;
  pipe(p); pthread_create(&t, 0, later, 0);
  return read(p[0], &c, 1) == 1 ? 0 : 1; }`,
    );
    session = await Session.start(guest.file);
    await session.arm(
      { type: TYPE.SYSCALL_HOOK_EFER_SYSCALL, options: [READ] },
      session.script('if (@rdx == 1) { printf("read\\n"); }'),
    );
    assert.deepEqual(await session.finish(), { code: 0, signal: undefined });
    assert.deepEqual(
      session.messages.map((text) => text.trim()),
      ['read'],
    );
  });

  it('memory of ended processes comes back', async function () {
    const guest = buildGuest(
      this,
      `
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
int main(void) {
  char *big = malloc(64 << 20);
  memset(big, 1, 64 << 20);
  for (int i = 0; i < 12; i++) {
    int c = fork(), status;
    if (c < 0) return 1;
    if (c == 0) _exit(big[i]);
    if (wait(&status) != c || WEXITSTATUS(status) != 1) return 2;
  }
  return 0; }`,
    );
    session = await Session.start(guest.file);
    assert.deepEqual(await session.finish(), { code: 0, signal: undefined });
  });
});
