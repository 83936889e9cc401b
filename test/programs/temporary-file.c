#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
  FILE *f = tmpfile();
  fputs("hidden", f);
  rewind(f);
  char b[10] = {0};
  printf("%zu %s\n", fread(b, 1, 9, f), b);
  fclose(f);
  char name[] = "/tmp/tfXXXXXX";
  int g = mkstemp(name);
  printf("%d %d\n", g >= 0, unlink(name));
  return 0;
}
