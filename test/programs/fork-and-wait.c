#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <sys/mman.h>

static int global = 1;
static volatile sig_atomic_t children;
static void on(int s, siginfo_t *i, void *c) {
  (void)s;
  (void)c;
  children++;
  if (i->si_code != CLD_EXITED || i->si_status != 3) children += 100;
}
int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  int p[2], status;
  pipe(p);
  char *heap = malloc(100);
  strcpy(heap, "parent");
  int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t c = fork();
  if (c == 0) {
    close(p[0]);
    global = 2;
    strcpy(heap, "child");
    *shared = 77;
    dprintf(p[1], "%s %d %d", heap, global, getppid() != getpid());
    _exit(5);
  }
  close(p[1]);
  char b[100] = {0};
  ssize_t n = read(p[0], b, 99);
  printf("%zd: %s\n", n, b);
  pid_t w = waitpid(c, &status, 0);
  printf("%d %d %d\n", w == c, WIFEXITED(status), WEXITSTATUS(status));
  printf("%s %d shared %d\n", heap, global, *shared);
  printf("%d %d\n", waitpid(-1, &status, 0), errno == ECHILD);
  c = fork();
  if (c == 0) {
    for (;;) pause();
  }
  printf("%d\n", waitpid(c, &status, WNOHANG));
  kill(c, SIGTERM);
  waitpid(c, &status, 0);
  printf("%d %d\n", WIFSIGNALED(status), WTERMSIG(status) == SIGTERM);
  struct sigaction a = {0};
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGCHLD, &a, 0);
  if (fork() == 0) _exit(3);
  printf("%d ", wait(&status) > 0);
  printf("%d children %d\n", WEXITSTATUS(status), children);
  signal(SIGCHLD, SIG_DFL);
  for (int i = 0; i < 5; i++) if (fork() == 0) {
    int sum = 0;
    for (int j = 0; j < 100000; j++) sum += j % (i + 2);
    _exit(sum & 0x7f);
  }
  int total = 0;
  while (wait(&status) > 0) total += WEXITSTATUS(status);
  printf("total %d\n", total);
  siginfo_t info;
  if ((c = fork()) == 0) abort();
  waitid(P_PID, c, &info, WEXITED);
  printf("%d %d %d\n", info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED, info.si_status == SIGABRT, info.si_pid == c);
  return 0;
}
