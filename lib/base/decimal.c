#include "base/decimal.h"

bool decimal_parse(struct bytes text, uint64_t least, uint64_t most, uint64_t *number)
{
    uint64_t read;
    if (!decimal_take(&text, most, &read) || text.size > 0 || read < least)
        return false;
    *number = read;
    return true;
}
