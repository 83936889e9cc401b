#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

int main(void) {
  int p[2];
  pipe(p);
  close(p[0]);
  puts("before");
  fflush(stdout);
  write(p[1], "x", 1);
  puts("not reached");
  return 0;
}
