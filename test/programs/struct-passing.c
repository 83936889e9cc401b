#define _GNU_SOURCE
#include <stdio.h>

struct big { long a[5]; char c; };
struct pair { double x; int y; };
static struct big make(struct big b, int n) { for (int i = 0; i < 5; i++) b.a[i] *= n; b.c++; return b; }
static struct pair swap(struct pair p) { struct pair r = {p.y, (int)p.x}; return r; }
int main(void) {
  struct big b = {{1, 2, 3, 4, 5}, 'a'};
  b = make(make(b, 3), -2);
  struct pair p = swap((struct pair){4.75, 9});
  printf("%ld %ld %c %g %d\n", b.a[0], b.a[4], b.c, p.x, p.y);
  return 0;
}
