#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) printf("%d [%s]\n", i, argv[i]);
  printf("%s %d\n", getenv("NAME"), getenv("ABSENT") == 0);
  setenv("ADDED", "yes", 1);
  unsetenv("NAME");
  printf("%s %d\n", getenv("ADDED"), getenv("NAME") == 0);
  return argc;
}
