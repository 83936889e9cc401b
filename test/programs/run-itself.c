#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <signal.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv) {
  int status;
  if (argc > 1 && !strcmp(argv[1], "again")) {
    struct sigaction a;
    sigaction(SIGUSR1, 0, &a);
    int ignored = a.sa_handler == SIG_IGN;
    sigaction(SIGUSR2, 0, &a);
    printf("again: %s %s, ignored %d, default %d, kept %d, closed %d\n", argv[2], getenv("GIVEN"), ignored,
           a.sa_handler == SIG_DFL, fcntl(20, F_GETFD) == 0, fcntl(21, F_GETFD) == -1);
    return 9;
  }
  setvbuf(stdout, 0, _IONBF, 0);
  char self[4096];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  self[n] = 0;
  char *args[] = {"name", "again", "one", 0}, *env[] = {"GIVEN=yes", 0};
  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, (void (*)(int))main);
  dup2(1, 20);
  dup3(1, 21, O_CLOEXEC);
  if (fork() == 0) {
    execve(self, args, env);
    _exit(99);
  }
  wait(&status);
  printf("%d\n", WEXITSTATUS(status));
  if (vfork() == 0) {
    execve("/not/there", args, env);
    _exit(errno == ENOENT ? 44 : 45);
  }
  wait(&status);
  printf("%d\n", WEXITSTATUS(status));
  pid_t c;
  args[2] = "spawned";
  int spawned = posix_spawn(&c, self, 0, 0, args, env);
  waitpid(c, &status, 0);
  printf("%d %d\n", spawned, WEXITSTATUS(status));
  printf("%d\n", posix_spawn(&c, "/not/there", 0, 0, args, env) == ENOENT);
  args[2] = "last";
  execve(self, args, env);
  return 1;
}
