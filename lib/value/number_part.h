/* number_part: what number.c and arithmetic.c share about exact numbers. */
#ifndef NUMBER_PART_H
#define NUMBER_PART_H

#include "value/number.h"

/* The magnitude of a mantissa: its value without the sign. */
__extension__ typedef unsigned __int128 magnitude;

#define MAGNITUDE_MAX ((magnitude)1 << 127) /* of the least mantissa; that of the greatest is one less */

static inline magnitude magnitude_of(struct number number)
{
    return number.mantissa < 0 ? 0 - (magnitude)number.mantissa : (magnitude)number.mantissa;
}

static inline number_mantissa mantissa_of(magnitude value, bool negative)
{
    return (number_mantissa)(negative ? 0 - value : value);
}

/* Returns 10^exponent, for an exponent from 0 to 38. */
static inline magnitude power_of_ten(int exponent)
{
    return (magnitude)number_power_of_ten(exponent);
}

#endif
