#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <string.h>
#include <sys/stat.h>

int main(void) {
  char a[4096], b[4096];
  getcwd(a, sizeof a);
  mkdir("inner", 0755);
  printf("%d\n", chdir("inner"));
  getcwd(b, sizeof b);
  printf("%d %s\n", !strncmp(a, b, strlen(a)), b + strlen(a));
  printf("%d %d\n", chdir(".."), chdir("nowhere"));
  return rmdir("inner");
}
