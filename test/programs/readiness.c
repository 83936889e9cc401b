#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <poll.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/ioctl.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}
static void *later(void *p) {
  usleep(20000);
  write(*(int *)p, "late", 4);
  return 0;
}
int main(void) {
  int p[2], n;
  char b[70000];
  memset(b, 'x', sizeof b);
  pipe2(p, O_NONBLOCK);
  struct pollfd e[3] = {{p[0], POLLIN | POLLOUT, 0}, {p[1], POLLIN | POLLOUT, 0}, {-1, POLLIN, 7}};
  printf("%d %d %d %d\n", poll(e, 3, 0), e[0].revents, e[1].revents, e[2].revents);
  n = 0;
  while (write(p[1], b, 4096) == 4096) n++;
  printf("%d pages fit, %d\n", n, errno == EAGAIN);
  printf("%d %d %d\n", poll(e, 2, 0), e[0].revents, e[1].revents);
  ioctl(p[0], FIONREAD, &n);
  printf("%d readable\n", n);
  while (read(p[0], b, sizeof b) > 0) ;
  printf("%zd %d\n", read(p[0], b, 1), errno == EAGAIN);
  double start = now();
  printf("%d ", poll(e, 1, 30));
  printf("%d\n", now() - start >= 29 && now() - start < 2000);
  pthread_t t;
  pthread_create(&t, 0, later, &p[1]);
  fd_set r, w;
  FD_ZERO(&r);
  FD_SET(p[0], &r);
  struct timeval tv = {5, 0};
  n = select(p[0] + 1, &r, 0, 0, &tv);
  printf("select %d %d left %d\n", n, FD_ISSET(p[0], &r) != 0, tv.tv_sec == 4);
  pthread_join(t, 0);
  printf("%zd\n", read(p[0], b, 10));
  FD_ZERO(&r);
  FD_ZERO(&w);
  FD_SET(p[0], &r);
  FD_SET(p[1], &w);
  n = pselect(p[1] + 1, &r, &w, 0, &(struct timespec){1, 0}, 0);
  printf("pselect %d %d %d\n", n, FD_ISSET(p[0], &r) != 0, FD_ISSET(p[1], &w) != 0);
  FD_CLR(p[1], &w);
  FD_SET(p[0], &r);
  tv = (struct timeval){0, 1000};
  n = select(p[0] + 1, &r, 0, 0, &tv);
  printf("%d %d\n", n, FD_ISSET(p[0], &r) != 0);
  close(p[1]);
  printf("%d %d\n", poll(e, 1, -1), e[0].revents);
  e[0].fd = p[1];
  printf("%d %d\n", poll(e, 1, -1), e[0].revents);
  FD_ZERO(&r);
  FD_SET(p[1], &r);
  printf("%d ", select(p[1] + 1, &r, 0, 0, 0));
  printf("%d\n", errno == EBADF);
  pipe(p);
  close(p[0]);
  e[0] = (struct pollfd){p[1], POLLOUT, 0};
  printf("%d %d\n", poll(e, 1, -1), e[0].revents);
  socketpair(AF_UNIX, SOCK_STREAM, 0, p);
  write(p[0], "hello", 5);
  printf("%zd ", read(p[1], b, 10));
  shutdown(p[0], SHUT_WR);
  printf("%zd ", read(p[1], b, 10));
  write(p[1], "back", 4);
  printf("%zd\n", read(p[0], b, 10));
  return 0;
}
