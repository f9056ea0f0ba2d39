/* Goal of this test: decimal_parse and decimal_take read decimal digits alone, agree with division at every limit, and
 * leave everything as it was if they refuse. */
#include "base/decimal.h"

#include "check.h"

static void check_refused(void)
{
    static const char *const refused[] = {
        "", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616", "99999999999999999999",
    };
    uint64_t number = 7;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK_ABOUT(bytes_of(refused[i]), !decimal_parse(bytes_of(refused[i]), 0, UINT64_MAX, &number) && number == 7);
}

static void check_limits(void)
{
    uint64_t number = 7;
    CHECK(decimal_parse(bytes_of("0"), 0, UINT64_MAX, &number) && number == 0);
    CHECK(decimal_parse(bytes_of("018"), 0, UINT64_MAX, &number) && number == 18);
    CHECK(decimal_parse(bytes_of("000000000000000000000000018"), 18, 18, &number) && number == 18);
    CHECK(decimal_parse(bytes_of("18446744073709551615"), 0, UINT64_MAX, &number) && number == UINT64_MAX);
    for (unsigned i = 0; i < 10000; i++) {
        char text[32];
        const uint64_t value = check_random() >> check_random() % 64, most = check_random() >> check_random() % 64;
        const uint64_t least = check_random() >> check_random() % 64;
        snprintf(text, sizeof text, "%llu", (unsigned long long)value);
        CHECK_ABOUT(bytes_of(text), decimal_parse(bytes_of(text), 0, value, &number) && number == value);
        CHECK_ABOUT(bytes_of(text), value == 0 || !decimal_parse(bytes_of(text), 0, value - 1, &number));
        CHECK_ABOUT(bytes_of(text),
                    decimal_parse(bytes_of(text), least, most, &number) == (value >= least && value <= most));
    }
}

static void check_take(void)
{
    struct bytes text = bytes_of("12:034x");
    uint64_t number = 7;
    CHECK(decimal_take(&text, 99, &number) && number == 12);
    CHECK_TEXT(":034x", text);
    CHECK(!decimal_take(&text, 99, &number) && number == 12);
    CHECK_TEXT(":034x", text);
    text = bytes_of("034x");
    CHECK(!decimal_take(&text, 33, &number) && number == 12);
    CHECK_TEXT("034x", text);
    CHECK(decimal_take(&text, 34, &number) && number == 34);
    CHECK_TEXT("x", text);
}

int main(void)
{
    check_refused();
    check_limits();
    check_take();
    return check_end();
}
