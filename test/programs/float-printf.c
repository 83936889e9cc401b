#define _GNU_SOURCE
#include <stdio.h>

int main(void) {
  double v[] = {0, -0.0, 1, -1.5, 3.141592653589793, 1e100, 1e-310, 123456789.125, 1.0 / 3};
  for (unsigned i = 0; i < sizeof v / sizeof *v; i++)
    printf("%f %.0f %e %.3E %g %G %a %+10.2f|%-12.4g|%012.3f\n", v[i], v[i], v[i], v[i], v[i], v[i], v[i], v[i], v[i], v[i]);
  printf("%Lf %Lg %f %f\n", 2.5L, 1e4000L, 1.0 / v[0], -1.0 / v[0]);
  return 0;
}
