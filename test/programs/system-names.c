#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <string.h>
#include <sys/utsname.h>

int main(void) { struct utsname u; int r = uname(&u); printf("%d %s %s %d\n", r, u.sysname, u.machine, strlen(u.release) > 0); printf("%ld %ld %d\n", sysconf(_SC_PAGESIZE), sysconf(_SC_CLK_TCK), sysconf(_SC_NPROCESSORS_ONLN) >= 1); return 0; }
