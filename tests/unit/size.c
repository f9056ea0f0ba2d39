/* Goal of this test: size_parse agrees with multiplication in 128 bits, for each unit up to the limit and beyond, and
 * refuses every other text. */
#include "base/size.h"

#include "check.h"

__extension__ typedef unsigned __int128 wide;

static const struct {
    const char *name;
    uint64_t bytes;
} units[] = {
    {"", 1}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}, {"T", 1099511627776},
};

static void check_one(uint64_t count, size_t unit)
{
    char text[32];
    size_t size = 7;
    snprintf(text, sizeof text, "%llu%s", (unsigned long long)count, units[unit].name);
    const wide value = (wide)count * units[unit].bytes;
    const bool good = value > 0 && value <= SIZE_MAX;
    CHECK_ABOUT(bytes_of(text), size_parse(text, &size) == good);
    CHECK_ABOUT(bytes_of(text), size == (good ? (size_t)value : 7));
}

static void check_sizes(void)
{
    for (size_t unit = 0; unit < sizeof units / sizeof *units; unit++) {
        const uint64_t most = SIZE_MAX / units[unit].bytes;
        check_one(0, unit);
        check_one(1, unit);
        check_one(most, unit);
        if (most < UINT64_MAX)
            check_one(most + 1, unit);
        for (int i = 0; i < 1000; i++)
            check_one(check_random() >> check_random() % 64, unit);
    }
}

static void check_refused(void)
{
    static const char *const refused[] = {
        "", "K", "0", "0K", "-1", "+1", " 1", "1 ", "1k", "1B", "1KB", "1KK", "1.5K", "0x10", "18446744073709551616"};
    size_t size = 7;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK_ABOUT(bytes_of(refused[i]), !size_parse(refused[i], &size) && size == 7);
}

int main(void)
{
    check_sizes();
    check_refused();
    return check_end();
}
