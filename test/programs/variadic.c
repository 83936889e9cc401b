#define _GNU_SOURCE
#include <stdio.h>
#include <stdarg.h>

static double total(const char *kinds, ...) {
  va_list a;
  double s = 0;
  va_start(a, kinds);
  for (; *kinds; kinds++) s += *kinds == 'd' ? va_arg(a, double) : *kinds == 'l' ? (double)va_arg(a, long) : va_arg(a, int);
  va_end(a);
  return s;
}
int main(void) { printf("%g %g\n", total("idlidl", 1, 2.5, 3L, 4, 5.5, 6L), total("dddddddddii", 1., 2., 3., 4., 5., 6., 7., 8., 9., 10, 11)); return 0; }
