#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <poll.h>
#include <sys/select.h>

int main(void) {
  int p[2];
  pipe(p);
  struct pollfd e = {p[0], POLLIN, 0};
  printf("%d %d\n", poll(&e, 1, 5), e.revents);
  write(p[1], "x", 1);
  printf("%d %d\n", poll(&e, 1, 5), e.revents == POLLIN);
  fd_set r;
  FD_ZERO(&r);
  FD_SET(p[0], &r);
  struct timeval t = {0, 1000};
  printf("%d %d\n", select(p[0] + 1, &r, 0, 0, &t), FD_ISSET(p[0], &r) != 0);
  close(p[1]);
  return 0;
}
