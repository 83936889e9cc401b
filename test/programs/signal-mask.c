#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>

static void on(int s) { printf("got %d\n", s); }
int main(void) {
  sigset_t m, old, p;
  signal(SIGUSR1, on);
  sigemptyset(&m);
  sigaddset(&m, SIGUSR1);
  sigprocmask(SIG_BLOCK, &m, &old);
  raise(SIGUSR1);
  sigpending(&p);
  printf("pending %d\n", sigismember(&p, SIGUSR1));
  sigprocmask(SIG_SETMASK, &old, 0);
  sigpending(&p);
  printf("pending %d\n", sigismember(&p, SIGUSR1));
  return 0;
}
