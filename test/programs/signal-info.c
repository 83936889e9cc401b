#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <unistd.h>

static void on(int s, siginfo_t *i, void *c) { printf("%d %d %d %d\n", s, i->si_signo, i->si_code == SI_USER || i->si_code == SI_TKILL, c != 0); }
int main(void) {
  struct sigaction a = {0}, old;
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGUSR1, &a, 0);
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigaction(SIGUSR1, 0, &old);
  printf("%d %d\n", old.sa_sigaction == on, (old.sa_flags & SA_RESTART) != 0);
  printf("%d\n", sigaction(SIGKILL, &a, 0));
  return 0;
}
