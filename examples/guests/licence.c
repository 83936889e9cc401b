/*
 * A program with a licence check. Natively it prints "invalid key" for every key but the right one:
 *
 *     $ ./licence            $ ./licence HYPER-DBG-0x23
 *     key GUEST-0000         key HYPER-DBG-0x23
 *     invalid key            valid key
 *
 * Exit code: 0 for a valid key, 1 for an invalid one. licence.hds lets it accept any key.
 */
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

/* Sum of the right key. Volatile, so that the compiler does not fold the comparison away. */
static volatile unsigned int expected_sum = 0x18b8217b;

NOINLINE unsigned int checksum(const char *text, unsigned int length)
{
    unsigned int sum = 5381;
    for (unsigned int i = 0; i < length; i++)
        sum = sum * 33 ^ (unsigned char)text[i];
    return sum;
}

NOINLINE int verify(unsigned int sum, unsigned int expected)
{
    return sum == expected;
}

static void write_text(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(2);
}

NOINLINE int report(int is_valid)
{
    write_text(is_valid ? "valid key\n" : "invalid key\n");
    return is_valid ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *key = argc > 1 ? argv[1] : "GUEST-0000";
    write_text("key ");
    write_text(key);
    write_text("\n");
    return report(verify(checksum(key, strlen(key)), expected_sum));
}
