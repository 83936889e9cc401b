#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static char *page;
static void on(int s, siginfo_t *i, void *c) {
  ucontext_t *u = c;
  printf("%d code %d at page %d trap %lld error %lld\n", s, i->si_code, i->si_addr == page,
         (long long)u->uc_mcontext.gregs[REG_TRAPNO], (long long)u->uc_mcontext.gregs[REG_ERR]);
  siglongjmp(back, 1);
}
static int deep(int n) {
  volatile char room[4096];
  room[0] = (char)n;
  return n < 0 ? room[0] : deep(n + 1) + room[0];
}
static void overflow(int s, siginfo_t *i, void *c) {
  (void)i;
  (void)c;
  char here;
  stack_t now;
  sigaltstack(0, &now);
  printf("overflow %d on it %d flags %d\n", s,
         &here >= (char *)now.ss_sp && &here < (char *)now.ss_sp + now.ss_size, now.ss_flags);
  siglongjmp(back, 1);
}
int main(void) {
  struct sigaction a = {0};
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO;
  for (int s = 1; s < 32; s++) if (s == SIGSEGV || s == SIGFPE || s == SIGILL || s == SIGTRAP) sigaction(s, &a, 0);
  page = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(back, 1)) *(volatile char *)page = 1;
  munmap(page, 4096);
  for (int i = 0; i < 3; i++) if (!sigsetjmp(back, 1)) printf("%d\n", *(volatile char *)page);
  if (!sigsetjmp(back, 1)) __asm__ volatile("ud2");
  if (!sigsetjmp(back, 1)) __asm__ volatile("int3");
  volatile int zero = 0;
  if (!sigsetjmp(back, 1)) printf("%d\n", 1 / zero);
  if (!sigsetjmp(back, 1)) printf("%d\n", *(volatile char *)0x8000000000000000ul);
  stack_t alt = {malloc(SIGSTKSZ), 0, SIGSTKSZ};
  sigaltstack(&alt, 0);
  a.sa_sigaction = overflow;
  a.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &a, 0);
  if (!sigsetjmp(back, 1)) printf("%d\n", deep(0));
  fflush(stdout);
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &a, 0);
  printf("%d\n", deep(0));
  return 0;
}
