/* decimal: whole numbers as they are written in options, frames, states and file names: decimal digits alone, without
 * a sign, blanks or a separator. Leading zeros are allowed. */
#ifndef DECIMAL_H
#define DECIMAL_H

#include <stdint.h>

#include "base/bytes.h"

/* Takes the digits at the front of *text: sets *number to their value and moves *text behind them. Returns false, and
 * changes neither, if *text begins with no digit or the number is greater than most. */
bool decimal_take(struct bytes *text, uint64_t most, uint64_t *number);

/* Reads a text that is a number from least to most, and nothing else. Returns false, and leaves *number as it was, if
 * it is not. */
bool decimal_parse(struct bytes text, uint64_t least, uint64_t most, uint64_t *number);

#endif
