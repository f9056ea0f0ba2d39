#include "base/span.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t nanoseconds;
} units[] = {
    {"", 1000000000},           {"ms", 1000000},
    {"s", 1000000000},          {"m", 60 * 1000000000LL},
    {"h", 3600 * 1000000000LL}, {"d", 86400 * 1000000000LL},
};

bool span_parse(const char *text, int64_t *nanoseconds)
{
    static const char digits[] = "0123456789";
    size_t whole_size = strspn(text, digits);
    const char *fraction = text + whole_size + (text[whole_size] == '.');
    size_t fraction_size = fraction > text + whole_size ? strspn(fraction, digits) : 0;
    if (whole_size + fraction_size == 0)
        return false;

    int64_t unit = 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].name, fraction + fraction_size) == 0)
            unit = units[i].nanoseconds;
    if (unit == 0)
        return false;

    int64_t whole = 0;
    for (size_t i = 0; i < whole_size; i++) {
        int digit = text[i] - '0';
        if (whole > (INT64_MAX / unit - digit) / 10)
            return false;
        whole = whole * 10 + digit;
    }
    /* From the last digit to the first: the divisions, each rounded down, then give the whole rounded down. */
    int64_t part = 0;
    for (size_t i = fraction_size; i-- > 0;)
        part = (part + (fraction[i] - '0') * unit) / 10;
    if (part > INT64_MAX - whole * unit)
        return false;
    *nanoseconds = whole * unit + part;
    return true;
}
