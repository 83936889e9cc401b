#define _GNU_SOURCE
#include <stdio.h>
#include <stdint.h>
#include <string.h>

int main(void) {
  uint32_t h = 2166136261u, crc = ~0u;
  const char *s = "The quick brown fox jumps over the lazy dog";
  for (size_t i = 0; i < strlen(s); i++) { h = (h ^ (uint8_t)s[i]) * 16777619u; crc ^= (uint8_t)s[i]; for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (0xedb88320u & -(crc & 1)); }
  printf("%08x %08x\n", h, ~crc);
  return 0;
}
