#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

static void a(void) { puts("first registered"); }
static void b(void) { puts("second registered"); }
int main(void) { atexit(a); atexit(b); fprintf(stderr, "leaving\n"); exit(300); }
