#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <unistd.h>
#include <pthread.h>

static void *other(void *a) {
  (void)a;
  usleep(2000);
  kill(getpid(), SIGPROF);
  pause();
  return 0;
}
int main(void) {
  pthread_t t;
  puts("before");
  fflush(stdout);
  pthread_create(&t, 0, other, 0);
  for (;;) ;
}
