#include "base/decimal.h"

bool decimal_take(struct bytes *text, uint64_t most, uint64_t *number)
{
    uint64_t sum = 0;
    size_t size = 0;
    for (; size < text->size; size++) {
        const unsigned digit = (unsigned char)text->data[size] - (unsigned)'0';
        if (digit > 9)
            break;
        if (digit > most || sum > (most - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    if (size == 0)
        return false;
    *text = (struct bytes){text->data + size, text->size - size};
    *number = sum;
    return true;
}

bool decimal_parse(struct bytes text, uint64_t least, uint64_t most, uint64_t *number)
{
    uint64_t read;
    if (!decimal_take(&text, most, &read) || text.size > 0 || read < least)
        return false;
    *number = read;
    return true;
}
