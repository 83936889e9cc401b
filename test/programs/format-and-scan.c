#define _GNU_SOURCE
#include <stdio.h>

int main(void) {
  char b[80], w[20];
  int n = sprintf(b, "%-6s|%06d|%#x|%5.2f|%c|%%", "ab", 42, 255, 2.345, 'z');
  printf("%d %s\n", n, b);
  int i;
  double d;
  unsigned x;
  n = sscanf("17 2.5 ff hello:rest", "%d %lf %x %19[a-z]", &i, &d, &x, w);
  printf("%d %d %g %u %s\n", n, i, d, x, w);
  printf("%d %s\n", snprintf(b, 5, "%s", "truncated"), b);
  return 0;
}
