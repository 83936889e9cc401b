#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <string.h>

int main(void) {
  int p[2];
  char b[20] = {0};
  pipe(p);
  printf("%zd ", write(p[1], "through", 7));
  printf("%zd %s\n", read(p[0], b, 19), b);
  close(p[1]);
  printf("%zd\n", read(p[0], b, 19));
  return 0;
}
