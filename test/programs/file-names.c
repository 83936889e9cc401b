#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>
#include <errno.h>
#include <sys/stat.h>

int main(void) {
  close(open("a", O_CREAT | O_WRONLY, 0600));
  printf("%d %d %d\n", rename("a", "b"), access("a", F_OK), access("b", R_OK | W_OK));
  printf("%d %d\n", unlink("a"), errno == ENOENT);
  printf("%d\n", open("b", O_CREAT | O_EXCL | O_WRONLY, 0600));
  printf("%d %d\n", mkdir("d", 0755), mkdir("d", 0755));
  printf("%d\n", rename("b", "d/c"));
  printf("%d %d\n", rmdir("d"), errno == ENOTEMPTY);
  printf("%d %d\n", unlink("d/c"), rmdir("d"));
  return 0;
}
