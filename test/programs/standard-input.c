#define _GNU_SOURCE
#include <stdio.h>

int main(void) { int c = getchar(); printf("%d %d\n", c, feof(stdin) != 0); return 0; }
