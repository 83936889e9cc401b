#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(void) { srand(42); int a = rand(), b = rand(); srand(42); printf("%d %d\n", a == rand(), b == rand()); srand48(7); printf("%ld %.6f\n", lrand48(), drand48()); return 0; }
