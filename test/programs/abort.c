#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(void) { puts("going"); fflush(stdout); abort(); }
