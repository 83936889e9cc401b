#define _GNU_SOURCE
#include <stdio.h>
#include <stdint.h>

int main(void) {
  volatile uint64_t a = 0xfedcba9876543210ull, b = 0x123456789ull;
  unsigned __int128 p = (unsigned __int128)a * b;
  printf("%016llx%016llx\n", (unsigned long long)(p >> 64), (unsigned long long)p);
  p /= 1000000007;
  printf("%llu %lld\n", (unsigned long long)p, (long long)a / 3);
  printf("%llu\n", (unsigned long long)(p % 97));
  return 0;
}
