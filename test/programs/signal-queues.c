#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <unistd.h>
#include <errno.h>
#include <sys/signalfd.h>
#include <poll.h>

static void on(int s, siginfo_t *i, void *c) {
  (void)c;
  printf("handler %d value %d code %d own %d\n", s - SIGRTMIN, i->si_value.sival_int, i->si_code, i->si_pid == getpid());
}
int main(void) {
  sigset_t m;
  sigemptyset(&m);
  sigaddset(&m, SIGRTMIN);
  sigaddset(&m, SIGRTMIN + 1);
  sigaddset(&m, SIGUSR1);
  sigaddset(&m, SIGCHLD);
  sigprocmask(SIG_BLOCK, &m, 0);
  struct sigaction a = {0};
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGRTMIN, &a, 0);
  sigaction(SIGRTMIN + 1, &a, 0);
  for (int i = 1; i <= 3; i++) sigqueue(getpid(), SIGRTMIN + 1, (union sigval){i});
  sigqueue(getpid(), SIGRTMIN, (union sigval){9});
  siginfo_t info;
  int s = sigwaitinfo(&m, &info);
  printf("waited %d value %d\n", s - SIGRTMIN, info.si_value.sival_int);
  s = sigtimedwait(&m, &info, &(struct timespec){0, 0});
  printf("waited %d value %d\n", s - SIGRTMIN, info.si_value.sival_int);
  int f = signalfd(-1, &m, SFD_NONBLOCK);
  struct pollfd e = {f, POLLIN, 0};
  printf("poll %d\n", poll(&e, 1, 0));
  struct signalfd_siginfo si;
  printf("%d ", read(f, &si, sizeof si) == sizeof si);
  printf("signalfd %d value %d\n", (int)si.ssi_signo - SIGRTMIN, si.ssi_int);
  sigprocmask(SIG_UNBLOCK, &m, 0);
  sigprocmask(SIG_BLOCK, &m, 0);
  printf("%zd %d\n", read(f, &si, sizeof si), errno == EAGAIN);
  s = sigtimedwait(&m, &info, &(struct timespec){0, 2000000});
  printf("%d %d\n", s, errno == EAGAIN);
  raise(SIGCHLD);
  printf("an ignored one that is blocked waits: %d\n", sigtimedwait(&m, &info, &(struct timespec){0, 0}) == SIGCHLD);
  raise(SIGUSR1);
  raise(SIGUSR1);
  printf("%d ", sigtimedwait(&m, &info, &(struct timespec){0, 0}) == SIGUSR1);
  printf("%d\n", sigtimedwait(&m, &info, &(struct timespec){0, 0}));
  return 0;
}
