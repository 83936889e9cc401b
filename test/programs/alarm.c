#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <unistd.h>
#include <sys/time.h>

static volatile sig_atomic_t hits;
static void on(int s) { (void)s; hits++; }
int main(void) {
  signal(SIGALRM, on);
  struct itimerval v = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &v, 0);
  while (hits < 3) pause();
  v.it_value.tv_usec = 0;
  v.it_interval.tv_usec = 0;
  setitimer(ITIMER_REAL, &v, 0);
  puts("three");
  alarm(100);
  printf("%d\n", alarm(0) > 90);
  return 0;
}
