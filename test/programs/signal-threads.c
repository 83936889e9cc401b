#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <pthread.h>
#include <unistd.h>
#include <errno.h>
#include <sys/syscall.h>

static __thread volatile int own;
static pthread_t target;
static volatile int started, seen;
static void on(int s, siginfo_t *i, void *c) {
  (void)c;
  own++;
  printf("%d by %s, code %d\n", s, pthread_equal(pthread_self(), target) ? "the target" : "another", i->si_code);
  seen++;
}
static void *wait_for(void *a) {
  (void)a;
  started = 1;
  pause();
  printf("own count %d, errno %d\n", own, errno == EINTR);
  return 0;
}
static void *spin(void *a) {
  (void)a;
  started = 1;
  while (!own) ;
  printf("spinner got %d\n", own);
  return 0;
}
static void *masked(void *a) {
  sigset_t m;
  sigemptyset(&m);
  sigaddset(&m, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &m, 0);
  started = 1;
  while (!*(volatile int *)a) usleep(500);
  sigset_t p;
  sigpending(&p);
  printf("masked: own %d pending %d\n", own, sigismember(&p, SIGUSR1));
  pthread_sigmask(SIG_UNBLOCK, &m, 0);
  printf("after: own %d\n", own);
  return 0;
}
int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  struct sigaction a = {0};
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &a, 0);
  pthread_create(&target, 0, wait_for, 0);
  while (!started) usleep(500);
  usleep(20000);
  pthread_kill(target, SIGUSR1);
  pthread_join(target, 0);
  started = 0;
  pthread_create(&target, 0, spin, 0);
  while (!started) usleep(500);
  pthread_kill(target, SIGUSR1);
  pthread_join(target, 0);
  started = 0;
  int go = 0;
  pthread_create(&target, 0, masked, &go);
  while (!started) usleep(500);
  pthread_kill(target, SIGUSR1);
  go = 1;
  pthread_join(target, 0);
  printf("main's own %d of %d\n", own, seen);
  /* To the process: the thread that lets it in takes it. */
  started = 0;
  pthread_create(&target, 0, wait_for, 0);
  while (!started) usleep(500);
  usleep(20000);
  sigset_t m;
  sigemptyset(&m);
  sigaddset(&m, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &m, 0);
  kill(getpid(), SIGUSR1);
  pthread_join(target, 0);
  printf("%ld %d\n", syscall(SYS_tgkill, getpid(), 999999, 0), errno == ESRCH);
  return 0;
}
