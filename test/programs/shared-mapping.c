#define _GNU_SOURCE
#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/mman.h>

int main(void) {
  int f = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
  write(f, "abcdefgh", 8);
  char *p = mmap(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
  p[0] = 'X';
  msync(p, 8, MS_SYNC);
  munmap(p, 8);
  char b[9] = {0};
  pread(f, b, 8, 0);
  puts(b);
  return unlink("shared");
}
