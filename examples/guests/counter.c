/*
 * A program with something for every kind of event: a function with a text and a number, CPUID, writes to a global
 * variable, system calls.
 *
 * It prints one line a round and exits with the number of ticks (3, or the number given as its argument, at most 99).
 */
#include <cpuid.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

/* Written once a round: !monitor w counter!ticks l 8 */
volatile unsigned long ticks = 0;

static const char *const colours[] = {"red", "green", "blue"};

static void write_text(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(100);
}

/* Called once a round with a text and a number. */
NOINLINE void paint(const char *colour, unsigned int round)
{
    char digits[] = "00 ";
    digits[0] = '0' + round / 10 % 10;
    digits[1] = '0' + round % 10;
    write_text(digits);
    write_text(colour);
    write_text("\n");
}

/* The processor's twelve letters, from leaf 0. */
NOINLINE void ask_processor(char vendor[13])
{
    unsigned int eax, ebx, ecx, edx;
    __cpuid(0, eax, ebx, ecx, edx);
    memcpy(vendor, &ebx, 4);
    memcpy(vendor + 4, &edx, 4);
    memcpy(vendor + 8, &ecx, 4);
    vendor[12] = '\0';
}

int main(int argc, char **argv)
{
    unsigned int rounds = argc > 1 ? (unsigned int)atoi(argv[1]) % 100 : 3;
    char vendor[13];
    ask_processor(vendor);
    write_text(vendor);
    write_text("\n");
    for (unsigned int round = 0; round < rounds; round++) {
        paint(colours[round % 3], round);
        ticks = ticks + 1;
    }
    return (int)ticks;
}
