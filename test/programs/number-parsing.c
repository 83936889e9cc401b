#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>

int main(void) {
  const char *s[] = {"42", "-0x1F", "077", "99999999999999999999", "12abc", "", " +7"};
  for (unsigned i = 0; i < 7; i++) {
    char *e;
    errno = 0;
    long v = strtol(s[i], &e, 0);
    printf("%ld [%s] %d\n", v, e, errno == ERANGE);
  }
  printf("%g %g %g %g\n", strtod("1.5e3x", 0), strtod("0x1p-3", 0), strtod("inf", 0), strtod("1e999", 0));
  printf("%llu\n", strtoull("ffffffffffffffff", 0, 16));
  return 0;
}
