#define _GNU_SOURCE
#include <stdio.h>

static int add(int a, int b) { return a + b; }
static int sub(int a, int b) { return a - b; }
static int mul(int a, int b) { return a * b; }
int main(void) {
  int (*f[])(int, int) = {add, sub, mul};
  int v = 1;
  for (int i = 0; i < 12; i++) printf("%d ", v = f[i % 3](v, i));
  puts("");
  return 0;
}
