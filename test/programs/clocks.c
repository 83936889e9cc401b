#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>

int main(void) {
  struct timespec a, b, n = {0, 3000000};
  clock_gettime(CLOCK_MONOTONIC, &a);
  printf("%d\n", nanosleep(&n, 0));
  clock_gettime(CLOCK_MONOTONIC, &b);
  long ns = (b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec;
  printf("%d %d %d\n", ns >= 3000000, time(0) > 1600000000, clock() >= 0);
  n.tv_nsec = 2000000000;
  printf("%d\n", nanosleep(&n, 0));
  return 0;
}
