#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <time.h>
#include <errno.h>
#include <unistd.h>
#include <semaphore.h>
#include <pthread.h>
#include <sys/time.h>

static volatile int value, count;
static sem_t done;
static void on(int s, siginfo_t *i, void *c) {
  (void)s;
  (void)c;
  value = i->si_value.sival_int;
  count += i->si_code == SI_TIMER;
}
static void in_thread(union sigval v) {
  value = v.sival_int;
  sem_post(&done);
}
static void *unlock_later(void *m) {
  usleep(30000);
  pthread_mutex_unlock(m);
  return 0;
}
int main(void) {
  struct sigaction a = {0};
  a.sa_sigaction = on;
  a.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &a, 0);
  struct sigevent e = {0};
  e.sigev_notify = SIGEV_SIGNAL;
  e.sigev_signo = SIGUSR1;
  e.sigev_value.sival_int = 31;
  timer_t t;
  printf("%d\n", timer_create(CLOCK_MONOTONIC, &e, &t));
  struct itimerspec when = {{0, 2000000}, {0, 2000000}}, left;
  timer_settime(t, 0, &when, 0);
  while (count < 3) pause();
  timer_gettime(t, &left);
  printf("%d %ld\n", value, (long)left.it_interval.tv_nsec);
  printf("%d\n", timer_delete(t));
  sem_init(&done, 0, 0);
  e.sigev_notify = SIGEV_THREAD;
  e.sigev_notify_function = in_thread;
  e.sigev_value.sival_int = 5;
  printf("%d ", timer_create(CLOCK_REALTIME, &e, &t));
  clock_gettime(CLOCK_REALTIME, &when.it_value);
  when.it_value.tv_nsec += 5000000;
  if (when.it_value.tv_nsec >= 1000000000) when.it_value.tv_sec++, when.it_value.tv_nsec -= 1000000000;
  when.it_interval.tv_nsec = 0;
  timer_settime(t, TIMER_ABSTIME, &when, 0);
  sem_wait(&done);
  printf("%d\n", value);
  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += 10000000;
  if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
  printf("%d ", sem_timedwait(&done, &soon));
  printf("%d\n", errno == ETIMEDOUT);
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t c = PTHREAD_COND_INITIALIZER;
  pthread_mutex_lock(&m);
  soon.tv_sec = 1;
  printf("%d\n", pthread_cond_timedwait(&c, &m, &soon) == ETIMEDOUT);
  pthread_mutex_unlock(&m);
  struct itimerval it = {{0, 0}, {50, 0}};
  setitimer(ITIMER_REAL, &it, 0);
  getitimer(ITIMER_REAL, &it);
  printf("%d\n", it.it_value.tv_sec == 49);
  return 0;
}
