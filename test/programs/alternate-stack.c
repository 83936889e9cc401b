#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>

static char *stack;
static void on(int s) { char c; printf("%d %d\n", s, &c >= stack && &c < stack + 65536); }
int main(void) {
  stack = malloc(65536);
  stack_t t = {.ss_sp = stack, .ss_size = 65536}, old;
  struct sigaction a = {0};
  a.sa_handler = on;
  a.sa_flags = SA_ONSTACK;
  printf("%d\n", sigaltstack(&t, 0));
  sigaction(SIGUSR1, &a, 0);
  raise(SIGUSR1);
  sigaltstack(0, &old);
  printf("%d\n", old.ss_sp == stack);
  return 0;
}
