#define _GNU_SOURCE
#include <stdio.h>

int main(void) {
  char line[40];
  FILE *f = fopen("notes", "w");
  for (int i = 0; i < 2000; i++) fprintf(f, "line %d\n", i);
  fclose(f);
  f = fopen("notes", "a");
  fputs("last\n", f);
  fclose(f);
  f = fopen("notes", "r");
  int n = 0;
  while (fgets(line, sizeof line, f)) n++;
  printf("%d %s%ld %d\n", n, line, ftell(f), feof(f) != 0);
  fseek(f, 5, SEEK_SET);
  printf("%c\n", fgetc(f));
  fclose(f);
  return remove("notes");
}
