/* round: exact numbers (number.h) with fewer digits after the point. */
#ifndef ROUND_H
#define ROUND_H

#include "value/number.h"

enum round_mode {
    ROUND_HALF_AWAY, /* to the nearest; half way between two to the one with the larger magnitude */
    ROUND_TO_ZERO,
    ROUND_DOWN, /* to the one that is not greater */
    ROUND_UP    /* to the one that is not less */
};

/* Returns an exact number with at most digits digits after the point; digits is not negative. The result is always
 * within the exact range. */
struct number round_number(struct number exact, int digits, enum round_mode mode);

#endif
