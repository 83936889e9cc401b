#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <setjmp.h>
#include <sys/mman.h>

static sigjmp_buf j;
static char *page;
static void on(int s, siginfo_t *i, void *c) { (void)c; printf("%d %d\n", s, i->si_addr == page + 12); siglongjmp(j, 1); }
int main(void) {
  struct sigaction a = {0};
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &a, 0);
  page = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sigsetjmp(j, 1) == 0) page[12] = 1;
  puts("after");
  fflush(stdout);
  signal(SIGSEGV, SIG_DFL);
  page[12] = 1;
  return 0;
}
