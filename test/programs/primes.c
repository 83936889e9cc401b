#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(void) { int n = 20000, c = 0; char *s = calloc(n, 1); for (int i = 2; i < n; i++) { if (s[i]) continue; c++; for (int k = 2 * i; k < n; k += i) s[k] = 1; } printf("%d\n", c); free(s); return 0; }
