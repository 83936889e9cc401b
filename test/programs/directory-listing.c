#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <dirent.h>
#include <sys/stat.h>

static int cmp(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
int main(void) {
  char *names[10];
  int n = 0;
  mkdir("list", 0755);
  close(open("list/one", O_CREAT | O_WRONLY, 0600));
  close(open("list/two", O_CREAT | O_WRONLY, 0600));
  mkdir("list/sub", 0755);
  DIR *d = opendir("list");
  for (struct dirent *e; (e = readdir(d));) names[n++] = strdup(e->d_name);
  closedir(d);
  qsort(names, n, sizeof *names, cmp);
  for (int i = 0; i < n; i++) puts(names[i]);
  unlink("list/one"); unlink("list/two"); rmdir("list/sub");
  return rmdir("list");
}
