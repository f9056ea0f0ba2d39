/* Goal of this test: span_parse agrees with division in 128 bits for random digits, fractions and units, up to the
 * limit and beyond; and refuses a span with a byte too many before it. */
#include "base/span.h"

#include "check.h"

__extension__ typedef unsigned __int128 wide;

static const struct {
    const char *name;
    uint64_t nanoseconds;
} units[] = {
    {"", 1000000000},   {"ms", 1000000},      {"s", 1000000000},
    {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
};

static size_t add_digits(char *to, size_t most)
{
    size_t count = (size_t)(check_random() % (most + 1));
    for (size_t i = 0; i < count; i++)
        to[i] = (char)('0' + check_random() % 10);
    to[count] = '\0';
    return count;
}

static void check_one(const char *whole, bool point, const char *fraction, size_t unit)
{
    char text[64];
    wide value = 0, scale = 1;
    snprintf(text, sizeof text, "%s%s%s%s", whole, point ? "." : "", fraction, units[unit].name);
    for (const char *at = whole; *at != '\0'; at++)
        value = value * 10 + (unsigned char)(*at - '0');
    for (const char *at = fraction; *at != '\0'; at++) {
        value = value * 10 + (unsigned char)(*at - '0');
        scale *= 10;
    }
    value = value * units[unit].nanoseconds / scale;
    bool good = (*whole != '\0' || *fraction != '\0') && value <= INT64_MAX;
    int64_t nanoseconds = -7;
    CHECK_ABOUT(bytes_of(text), span_parse(text, &nanoseconds) == good);
    CHECK_ABOUT(bytes_of(text), nanoseconds == (good ? (int64_t)value : -7));
}

static void check_random_spans(void)
{
    for (int i = 0; i < 100000; i++) {
        char whole[16], fraction[16];
        add_digits(whole, 12);
        bool point = check_random() % 2 == 0;
        fraction[0] = '\0';
        if (point)
            add_digits(fraction, 10);
        check_one(whole, point, fraction, (size_t)(check_random() % (sizeof units / sizeof *units)));
    }
}

/* The longest span in each unit, and the next one beyond it. */
static void check_limits(void)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        char whole[32];
        uint64_t most = INT64_MAX / units[i].nanoseconds;
        snprintf(whole, sizeof whole, "%llu", (unsigned long long)most);
        check_one(whole, false, "", i);
        check_one(whole, true, "9999999999", i);
        snprintf(whole, sizeof whole, "%llu", (unsigned long long)most + 1);
        check_one(whole, false, "", i);
    }
    check_one("9223372036", true, "854775807", 0);
    check_one("9223372036", true, "854775808", 0);
    check_one("9223372036854", true, "775807", 1);
    check_one("9223372036854", true, "775808", 1);
}

static void check_refused(void)
{
    static const char *const spans[] = {"1", "1.5", "10ms", "5m", "0.25h", "2d", "1s"};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        for (int byte = 1; byte < 256; byte++) {
            char text[16] = {(char)byte, '\0'};
            strcat(text, spans[i]);
            int64_t nanoseconds = -7;
            bool good = (byte >= '0' && byte <= '9') || (byte == '.' && strchr(spans[i], '.') == NULL);
            CHECK_ABOUT(bytes_of(text), span_parse(text, &nanoseconds) == good);
            CHECK_ABOUT(bytes_of(text), good == (nanoseconds != -7));
        }
    }
}

int main(void)
{
    check_random_spans();
    check_limits();
    check_refused();
    return check_end();
}
