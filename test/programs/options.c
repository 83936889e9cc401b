#define _GNU_SOURCE
#include <stdio.h>
#include <getopt.h>

int main(void) {
  char *v[] = {"prog", "-a", "-b", "value", "--", "rest", 0};
  for (int c; (c = getopt(6, v, "ab:")) != -1;) printf("%c %s\n", c, optarg ? optarg : "-");
  printf("%s\n", v[optind]);
  return 0;
}
