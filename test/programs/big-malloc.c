#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  size_t n = 48u << 20;
  char *p = malloc(n);
  for (size_t i = 0; i < n; i += 4096) p[i] = (char)(i >> 12);
  p = realloc(p, n + (8u << 20));
  unsigned long s = 0;
  for (size_t i = 0; i < n; i += 4096) s += (unsigned char)p[i];
  printf("%lu\n", s);
  free(p);
  return 0;
}
