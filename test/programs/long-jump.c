#define _GNU_SOURCE
#include <stdio.h>
#include <setjmp.h>

static jmp_buf j;
static void deep(int n) { if (n == 0) longjmp(j, 7); deep(n - 1); }
int main(void) {
  volatile int count = 0;
  int r = setjmp(j);
  printf("%d %d\n", r, count);
  if (count++ < 2) deep(20);
  return r;
}
