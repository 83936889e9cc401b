#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <setjmp.h>

static sigjmp_buf j;
static void on(int s, siginfo_t *i, void *c) { (void)c; printf("%d %d\n", s, i->si_code == FPE_INTDIV); siglongjmp(j, 1); }
int main(void) {
  struct sigaction a = {0};
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGFPE, &a, 0);
  volatile int z = 0, r = 5;
  if (sigsetjmp(j, 1) == 0) r = 7 / z;
  printf("%d\n", r);
  return 0;
}
