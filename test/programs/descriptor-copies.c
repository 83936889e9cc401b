#define _GNU_SOURCE
#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>

int main(void) {
  int f = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
  int g = dup(f), h = fcntl(f, F_DUPFD, 20);
  write(f, "abc", 3);
  printf("%ld %d\n", (long)lseek(g, 0, SEEK_CUR), h >= 20);
  printf("%d %d\n", fcntl(f, F_SETFD, FD_CLOEXEC), fcntl(f, F_GETFD));
  printf("%d\n", (fcntl(f, F_GETFL) & O_ACCMODE) == O_RDWR);
  fflush(stdout);
  int out = dup(1);
  dup2(f, 1);
  puts("to the file");
  fflush(stdout);
  dup2(out, 1);
  printf("%ld\n", (long)lseek(f, 0, SEEK_END));
  return unlink("copy");
}
