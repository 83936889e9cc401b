#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>
#include <stdlib.h>

int main(void) {
  setenv("TZ", "UTC", 1);
  time_t t[] = {0, 951782400, 1700000000, -86400};
  for (int i = 0; i < 4; i++) {
    char b[80];
    struct tm m = *gmtime(&t[i]);
    strftime(b, sizeof b, "%Y-%m-%d %H:%M:%S %A %j %U", &m);
    printf("%s %d\n", b, mktime(&m) == t[i]);
  }
  return 0;
}
