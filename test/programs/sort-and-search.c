#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

static int cmp(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(void) {
  int v[50];
  for (int i = 0; i < 50; i++) v[i] = i * 37 % 101;
  qsort(v, 50, sizeof *v, cmp);
  for (int i = 0; i < 50; i++) printf("%d ", v[i]);
  for (int k = 0; k < 101; k += 25) { int *f = bsearch(&k, v, 50, sizeof *v, cmp); printf("\n%d %d", k, f ? (int)(f - v) : -1); }
  puts("");
  return 0;
}
