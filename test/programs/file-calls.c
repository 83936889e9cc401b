#define _GNU_SOURCE
#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>

int main(void) {
  char b[20] = {0};
  struct stat s;
  int f = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
  printf("%zd %ld\n", write(f, "hello world", 11), (long)lseek(f, 6, SEEK_SET));
  printf("%zd %s\n", read(f, b, 19), b);
  printf("%d %zd\n", ftruncate(f, 5), pread(f, b, 19, 0));
  lseek(f, 10, SEEK_SET);
  write(f, "x", 1);
  fstat(f, &s);
  printf("%ld %d %d\n", (long)s.st_size, S_ISREG(s.st_mode), s.st_mode & 0777);
  return close(f) + close(f) + 1 + unlink("data");
}
