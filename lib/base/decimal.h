/* decimal: whole numbers as they are written in options, frames, states and file names: decimal digits alone, without
 * a sign, blanks or a separator. Leading zeros are allowed. */
#ifndef DECIMAL_H
#define DECIMAL_H

#include <stdint.h>

#include "base/bytes.h"

/* Takes the digits at the front of *text: sets *number to their value and moves *text behind them. Returns false, and
 * changes neither, if *text does not begin with a digit or the number is greater than most. Inline, as some states are
 * full of numbers. */
static inline bool decimal_take(struct bytes *text, uint64_t most, uint64_t *number)
{
    uint64_t sum = 0;
    size_t size = 0;
    for (; size < text->size; size++) {
        const unsigned digit = (unsigned char)text->data[size] - (unsigned)'0';
        if (digit > 9)
            break;
        if (sum > most / 10 || digit > most - sum * 10)
            return false;
        sum = sum * 10 + digit;
    }
    if (size == 0)
        return false;
    *text = (struct bytes){text->data + size, text->size - size};
    *number = sum;
    return true;
}

/* Reads a text that is a number from least to most, and nothing else. Returns false, and leaves *number unchanged, if
 * it is not. */
bool decimal_parse(struct bytes text, uint64_t least, uint64_t most, uint64_t *number);

#endif
