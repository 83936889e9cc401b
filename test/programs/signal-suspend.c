#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <errno.h>

static void on(int s) { printf("got %d\n", s); }
int main(void) {
  sigset_t m, none;
  signal(SIGUSR2, on);
  sigemptyset(&none);
  sigemptyset(&m);
  sigaddset(&m, SIGUSR2);
  sigprocmask(SIG_BLOCK, &m, 0);
  raise(SIGUSR2);
  puts("waiting");
  int r = sigsuspend(&none);
  printf("%d %d\n", r, errno == EINTR);
  return 0;
}
