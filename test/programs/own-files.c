#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static void tell(const char *text, long result) {
  printf("%s: %ld %s\n", text, result, result < 0 ? strerror(errno) : "");
}
#define TELL(call) tell(#call, (long)(call))

int main(void) {
  char b[100] = {0};
  struct stat s;
  char folder[] = "/tmp/own-XXXXXX";
  mkdtemp(folder);
  chdir(folder);
  umask(027);
  int f = open("a", O_CREAT | O_RDWR | O_EXCL, 0666);
  fstat(f, &s);
  printf("%o %d\n", s.st_mode, (int)s.st_nlink);
  TELL(open("a", O_CREAT | O_EXCL | O_RDWR, 0600));
  TELL(write(f, "0123456789", 10));
  TELL(pwrite(f, "AB", 2, 3));
  TELL(pread(f, b, 5, 1));
  puts(b);
  TELL(ftruncate(f, 6));
  TELL(lseek(f, 0, SEEK_END));
  TELL(fcntl(f, F_GETFL) & O_ACCMODE);
  TELL(fcntl(f, F_SETFL, O_APPEND));
  lseek(f, 0, SEEK_SET);
  TELL(write(f, "end", 3));
  TELL(lseek(f, 0, SEEK_CUR));
  TELL(link("a", "b"));
  TELL(stat("b", &s));
  printf("%d\n", (int)s.st_nlink);
  TELL(symlink("a", "c"));
  TELL(readlink("c", b, 50));
  TELL(lstat("c", &s));
  printf("%d\n", S_ISLNK(s.st_mode));
  TELL(open("c", O_RDONLY | O_NOFOLLOW));
  TELL(rename("b", "d"));
  TELL(access("b", F_OK));
  TELL(unlink("a"));
  TELL(open("c", O_RDONLY));
  TELL(chmod("d", 0400));
  TELL(stat("d", &s));
  printf("%o %d\n", s.st_mode & 0777, (int)s.st_nlink);
  TELL(mkdir("e", 0777));
  TELL(mkdir("e", 0777));
  TELL(open("e", O_RDWR));
  TELL(rename("d", "e"));
  TELL(rmdir("e"));
  TELL(rmdir("d"));
  TELL(unlink("e"));
  TELL(open("d/x", O_RDONLY));
  TELL(truncate("none", 3));
  int g = open("w", O_CREAT | O_WRONLY, 0600);
  TELL(read(g, b, 1));
  lseek(f, 0, SEEK_SET);
  TELL(sendfile(g, f, 0, 100));
  close(g);
  g = open("w", O_RDONLY);
  struct iovec v[2] = {{b, 4}, {b + 20, 40}};
  memset(b, 0, sizeof b);
  TELL(readv(g, v, 2));
  printf("%s %s\n", b, b + 20);
  TELL(write(g, "x", 1));
  TELL(read(99, b, 1));
  int m = memfd_create("name", 0);
  TELL(ftruncate(m, 4096));
  char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
  strcpy(p, "through memory");
  msync(p, 4096, MS_SYNC);
  TELL(pread(m, b, 15, 0));
  puts(b);
  TELL(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, g, 0) == MAP_FAILED);
  lseek(f, 0, SEEK_SET);
  int v2 = open("v", O_CREAT | O_RDWR, 0600);
  TELL(copy_file_range(f, 0, v2, 0, 5, 0));
  TELL(pread(v2, b, 10, 0));
  struct timespec t[2] = {{100, 0}, {200, 5}};
  TELL(utimensat(AT_FDCWD, "w", t, 0));
  stat("w", &s);
  printf("%ld\n", (long)s.st_mtime);
  p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 1;
  unsigned char there[2];
  TELL(mincore(p, 8192, there));
  TELL(madvise(p, 4096, MADV_DONTNEED));
  printf("%d\n", p[0]);
  int full = open("/dev/full", O_WRONLY);
  TELL(write(full, "x", 1));
  TELL(lseek(0, 0, SEEK_CUR));
  return 0;
}
