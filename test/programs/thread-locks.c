#define _GNU_SOURCE
#include <stdio.h>
#include <pthread.h>

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t b;
static pthread_once_t o = PTHREAD_ONCE_INIT;
static _Thread_local int own;
static int shared;
static void once(void) { puts("once"); }
static void *run(void *p) {
  pthread_once(&o, once);
  for (int i = 0; i < 100; i++) { own++; pthread_rwlock_wrlock(&l); shared++; pthread_rwlock_unlock(&l); }
  pthread_barrier_wait(&b);
  pthread_rwlock_rdlock(&l);
  long ok = shared == 300 && own == 100;
  pthread_rwlock_unlock(&l);
  return (void *)(ok + (long)p * 0);
}
int main(void) {
  pthread_t t[3];
  void *r;
  pthread_barrier_init(&b, 0, 3);
  for (int i = 0; i < 3; i++) pthread_create(&t[i], 0, run, 0);
  for (int i = 0; i < 3; i++) { pthread_join(t[i], &r); printf("%ld\n", (long)r); }
  return 0;
}
