#define _GNU_SOURCE
#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/mman.h>

int main(void) {
  int f = open("map", O_RDWR | O_CREAT | O_TRUNC, 0600);
  write(f, "abcdefgh", 8);
  char *p = mmap(0, 8, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
  p[0] = 'X';
  char b[9] = {0};
  pread(f, b, 8, 0);
  printf("%.8s %s %d\n", p, b, munmap(p, 8));
  return unlink("map");
}
