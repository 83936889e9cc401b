#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

static int event;
static void *later(void *a) {
  (void)a;
  usleep(10000);
  uint64_t one = 1;
  write(event, &one, 8);
  return 0;
}
int main(void) {
  int set = epoll_create1(EPOLL_CLOEXEC), p[2], n;
  char b[10];
  struct epoll_event got[4];
  pipe(p);
  event = eventfd(0, 0);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event e = {EPOLLIN, {.u64 = 0x1122334455667788}};
  printf("%d ", epoll_ctl(set, EPOLL_CTL_ADD, p[0], &e));
  printf("%d %d ", epoll_ctl(set, EPOLL_CTL_ADD, p[0], &e), errno == EEXIST);
  printf("%d %d\n", epoll_ctl(set, EPOLL_CTL_DEL, p[1], &e), errno == ENOENT);
  printf("%d\n", epoll_wait(set, got, 4, 0));
  write(p[1], "ab", 2);
  n = epoll_wait(set, got, 4, -1);
  printf("%d %x %llx\n", n, got[0].events, (unsigned long long)got[0].data.u64);
  printf("level %d\n", epoll_wait(set, got, 4, 0));
  e.events = EPOLLIN | EPOLLET;
  epoll_ctl(set, EPOLL_CTL_MOD, p[0], &e);
  printf("edge %d", epoll_wait(set, got, 4, 0));
  printf(" %d", epoll_wait(set, got, 4, 0));
  write(p[1], "c", 1);
  printf(" %d", epoll_wait(set, got, 4, 0));
  printf(" %d\n", epoll_wait(set, got, 4, 0));
  e.events = EPOLLIN | EPOLLONESHOT;
  epoll_ctl(set, EPOLL_CTL_MOD, p[0], &e);
  printf("once %d", epoll_wait(set, got, 4, 0));
  printf(" %d", epoll_wait(set, got, 4, 0));
  epoll_ctl(set, EPOLL_CTL_MOD, p[0], &e);
  printf(" %d\n", epoll_wait(set, got, 4, 0));
  e = (struct epoll_event){EPOLLIN, {.fd = event}};
  epoll_ctl(set, EPOLL_CTL_ADD, event, &e);
  e.data.fd = timer;
  epoll_ctl(set, EPOLL_CTL_ADD, timer, &e);
  pthread_t t;
  pthread_create(&t, 0, later, 0);
  n = epoll_wait(set, got, 4, 5000);
  printf("event %d %d\n", n, got[0].data.fd == event);
  pthread_join(t, 0);
  uint64_t v;
  read(event, &v, 8);
  struct itimerspec when = {{0, 4000000}, {0, 4000000}}, left;
  timerfd_settime(timer, 0, &when, 0);
  n = epoll_wait(set, got, 4, 5000);
  printf("timer %d %d\n", n, got[0].data.fd == timer);
  timerfd_gettime(timer, &left);
  printf("%ld %d\n", (long)left.it_interval.tv_nsec, left.it_value.tv_nsec <= 4000000);
  usleep(20000);
  printf("%zd ", read(timer, &v, 8));
  printf("%d ", v >= 4);
  when = (struct itimerspec){{0, 0}, {0, 0}};
  timerfd_settime(timer, 0, &when, 0);
  printf("%zd %d\n", read(timer, &v, 8), errno == EAGAIN);
  int file = open("epoll-file", O_CREAT | O_RDWR, 0600);
  printf("%d %d\n", epoll_ctl(set, EPOLL_CTL_ADD, file, &e), errno == EPERM);
  close(p[1]);
  e.events = EPOLLIN;
  epoll_ctl(set, EPOLL_CTL_MOD, p[0], &e);
  n = epoll_wait(set, got, 4, 0);
  printf("%d %x\n", n, got[0].events);
  close(p[0]);
  printf("%d\n", epoll_wait(set, got, 4, 1));
  return 0;
}
