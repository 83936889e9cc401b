#define _GNU_SOURCE
#include <stdio.h>
#include <pthread.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int turn;
static void *run(void *p) {
  for (int i = 0; i < 5; i++) {
    pthread_mutex_lock(&m);
    while (turn % 2 != (long)p) pthread_cond_wait(&c, &m);
    printf("%ld %d\n", (long)p, turn++);
    pthread_cond_broadcast(&c);
    pthread_mutex_unlock(&m);
  }
  return 0;
}
int main(void) { pthread_t a, b; pthread_create(&a, 0, run, (void *)1); pthread_create(&b, 0, run, 0); pthread_join(a, 0); pthread_join(b, 0); return 0; }
