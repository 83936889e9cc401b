#include <pthread.h>
#include <stdio.h>
volatile int flag;
static void *work(void *a) { flag = 1; return a; }
int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); while (!flag); pthread_join(t, 0); puts("seen"); return 3; }
