#define _GNU_SOURCE
#include <stdio.h>
#include <stdint.h>

int main(void) {
  volatile uint64_t v = 0x00f0c0a012345678ull;
  for (int i = 0; i < 64; i += 9) {
    uint64_t r = v << i | v >> ((64 - i) & 63);
    printf("%016llx %d %d %d\n", (unsigned long long)r, __builtin_popcountll(r), __builtin_clzll(r | 1), __builtin_ctzll(r | 1ull << 63));
  }
  printf("%08x %016llx\n", __builtin_bswap32((uint32_t)v), (unsigned long long)__builtin_bswap64(v));
  return 0;
}
