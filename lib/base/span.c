#include "base/span.h"

#include "base/decimal.h"

static const struct {
    const char *name;
    uint64_t nanoseconds;
} units[] = {
    {"", 1000000000},   {"ms", 1000000},      {"s", 1000000000},
    {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
};

bool span_parse(const char *text, int64_t *nanoseconds)
{
    static const char digits[] = "0123456789";
    size_t whole_size = strspn(text, digits);
    const char *fraction = text + whole_size + (text[whole_size] == '.');
    size_t fraction_size = fraction > text + whole_size ? strspn(fraction, digits) : 0;
    if (whole_size + fraction_size == 0)
        return false;

    uint64_t unit = 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].name, fraction + fraction_size) == 0)
            unit = units[i].nanoseconds;
    if (unit == 0)
        return false;

    uint64_t whole = 0, part = 0;
    if (whole_size > 0 && !decimal_parse((struct bytes){text, whole_size}, 0, INT64_MAX / unit, &whole))
        return false;
    /* From the last digit to the first: the divisions, each rounded down, then give the whole rounded down. */
    for (size_t i = fraction_size; i-- > 0;)
        part = (part + (unsigned)(fraction[i] - '0') * unit) / 10;
    if (part > INT64_MAX - whole * unit)
        return false;
    *nanoseconds = (int64_t)(whole * unit + part);
    return true;
}
