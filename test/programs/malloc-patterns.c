#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>

int main(void) {
  unsigned char *p[300] = {0};
  unsigned seed = 1, sum = 0;
  for (int k = 0; k < 20000; k++) {
    seed = seed * 1103515245 + 12345;
    int i = seed / 65536 % 300, n = seed / 256 % 2000 + 1;
    if (p[i]) { sum = sum * 31 + p[i][0]; free(p[i]); }
    p[i] = malloc(n);
    memset(p[i], k, n);
  }
  for (int i = 0; i < 300; i++) free(p[i]);
  int *c = calloc(1000, 4), z = 0;
  for (int i = 0; i < 1000; i++) z |= c[i];
  c = realloc(c, 100000);
  printf("%u %d %d\n", sum, z, c != 0);
  return 0;
}
