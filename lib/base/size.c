#include "base/size.h"

#include "base/decimal.h"

bool size_parse(const char *text, size_t *bytes)
{
    static const char units[] = "KMGT";
    struct bytes rest = bytes_of(text);
    uint64_t size;
    if (!decimal_take(&rest, SIZE_MAX, &size) || size == 0 || rest.size > 1)
        return false;
    int shift = 0;
    if (rest.size > 0) {
        const char *unit = strchr(units, *rest.data);
        if (unit == NULL)
            return false;
        shift = 10 * (int)(unit - units + 1);
    }
    if (size > (uint64_t)SIZE_MAX >> shift)
        return false;
    *bytes = (size_t)(size << shift);
    return true;
}
