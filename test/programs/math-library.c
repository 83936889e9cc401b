#define _GNU_SOURCE
#include <stdio.h>
#include <math.h>

int main(void) {
  for (volatile double x = 0.25; x < 6; x += 1.25)
    printf("%.6f %.6f %.6f %.6f %.6f %.6f %.6f\n", sin(x), cos(x), tan(x), exp(x), log(x), sqrt(x), pow(x, 1.7));
  volatile double y = -2.5;
  printf("%g %g %g %g %g\n", floor(y), ceil(y), round(y), trunc(y), fmod(y, 0.7));
  printf("%.6f %.6f %.6f %.6f\n", atan2(1, y), cbrt(y), hypot(3, 4), tgamma(4.5));
  return 0;
}
