#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

int main(void) {
  char a[64] = "alpha", b[] = "one,two,,three";
  strcat(a, "-beta");
  printf("%s %zu %d %d\n", a, strlen(a), strcmp(a, "alpha") > 0, strncmp(a, "alphabet", 5));
  printf("%s %s %zu\n", strchr(a, '-'), strstr(a, "bet"), strspn(a, "alph"));
  char *save;
  for (char *t = strtok_r(b, ",", &save); t; t = strtok_r(0, ",", &save)) puts(t);
  memmove(a + 2, a, 8);
  printf("%.10s %d\n", a, memcmp("abc", "abd", 3) < 0);
  return 0;
}
