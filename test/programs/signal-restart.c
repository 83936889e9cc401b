#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <errno.h>
#include <unistd.h>
#include <string.h>
#include <sys/time.h>
#include <poll.h>
#include <time.h>

static int pipes[2];
static volatile sig_atomic_t hits;
static void on(int s) {
  (void)s;
  if (++hits == 2) write(pipes[1], "x", 1);
}
static void arm(int flags) {
  struct sigaction a = {0};
  a.sa_handler = on;
  a.sa_flags = flags;
  sigaction(SIGALRM, &a, 0);
  hits = 0;
  struct itimerval v = {{0, 3000}, {0, 3000}};
  setitimer(ITIMER_REAL, &v, 0);
}
static void disarm(void) {
  struct itimerval v = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &v, 0);
}
int main(void) {
  char c;
  pipe(pipes);
  arm(SA_RESTART);
  ssize_t r = read(pipes[0], &c, 1);
  printf("restarted: %zd %d\n", r, hits >= 2);
  disarm();
  arm(0);
  r = read(pipes[0], &c, 1);
  printf("interrupted: %zd %d %d\n", r, errno == EINTR, hits);
  disarm();
  arm(SA_RESTART);
  struct pollfd e = {pipes[0], POLLIN, 0};
  int p = poll(&e, 1, 10000);
  printf("poll never restarts: %d %d\n", p, errno == EINTR);
  disarm();
  while (hits < 2) on(0);
  arm(SA_RESTART);
  struct timespec t = {5, 0}, left = {0, 0};
  int n = nanosleep(&t, &left);
  printf("sleep: %d %d %d\n", n, errno == EINTR, left.tv_sec == 4 && left.tv_nsec > 900000000);
  disarm();
  n = clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 1000000}, 0);
  printf("whole: %d\n", n);
  struct sigaction ignore = {0};
  ignore.sa_handler = SIG_IGN;
  arm(0);
  sigaction(SIGALRM, &ignore, 0);
  n = nanosleep(&(struct timespec){0, 20000000}, 0);
  printf("ignored: %d\n", n);
  return 0;
}
