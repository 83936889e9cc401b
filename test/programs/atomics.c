#define _GNU_SOURCE
#include <stdio.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_long n;
static atomic_flag f = ATOMIC_FLAG_INIT;
static void *run(void *p) { for (int i = 0; i < 3000; i++) atomic_fetch_add(&n, 2); return p; }
int main(void) {
  pthread_t a, b;
  pthread_create(&a, 0, run, 0); pthread_create(&b, 0, run, 0);
  pthread_join(a, 0); pthread_join(b, 0);
  long want = 12000;
  printf("%ld %d %ld\n", (long)n, atomic_compare_exchange_strong(&n, &want, 5), atomic_exchange(&n, 9));
  printf("%d %d\n", atomic_flag_test_and_set(&f), atomic_flag_test_and_set(&f));
  return 0;
}
