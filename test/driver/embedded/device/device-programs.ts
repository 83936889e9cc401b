/** What the tests of the device run. */

/** Calls `twice` six times and prints the sum. */
export const PROGRAM = `
#include <stdio.h>
#include <unistd.h>
volatile long table[4] = {0x1122334455667788, 2, 3, 4};
__attribute__((noinline)) long twice(long x) { __asm__ volatile(""); return 2 * x; }
int main(void) {
  long sum = 0;
  for (long i = 1; i <= 3; i++) sum += twice(i);
  char line[100];
  write(1, line, snprintf(line, sizeof line, "sum %ld table %ld\\n", sum, table[1]));
  return (int)sum;
}`;
/** Says that it is there, then counts for ever. */
export const ENDLESS = `
#include <unistd.h>
volatile unsigned long rounds;
int main(void) { write(1, "go", 2); for (;;) rounds++; }`;
