#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <errno.h>
#include <sys/eventfd.h>

int main(void) {
  int f = eventfd(3, EFD_NONBLOCK);
  unsigned long v = 4;
  printf("%zd ", write(f, &v, 8));
  printf("%zd %lu ", read(f, &v, 8), v);
  printf("%zd %d\n", read(f, &v, 8), errno == EAGAIN);
  return 0;
}
