#define _GNU_SOURCE
#include <stdio.h>
#include <stdint.h>

int main(void) {
  volatile int a = -17, b = 5;
  volatile unsigned u = 4000000000u;
  printf("%d %d %d %d\n", a / b, a % b, a * b, a - b);
  printf("%u %u %u\n", u / 7, u % 7, u * 3);
  for (int s = 0; s < 32; s += 7) printf("%d %u\n", a >> s, u >> s);
  return 0;
}
