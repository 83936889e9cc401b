#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/uio.h>

int main(void) {
  struct iovec w[3] = {{"ab", 2}, {"", 0}, {"cdef", 4}};
  int f = open("vec", O_RDWR | O_CREAT | O_TRUNC, 0600);
  printf("%zd\n", writev(f, w, 3));
  char a[4] = {0}, b[8] = {0};
  struct iovec r[2] = {{a, 3}, {b, 7}};
  lseek(f, 0, SEEK_SET);
  printf("%zd %s %s\n", readv(f, r, 2), a, b);
  return unlink("vec");
}
