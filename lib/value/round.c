#include "value/round.h"

#include "value/number_part.h"

struct number round_number(struct number exact, int digits, enum round_mode mode)
{
    if (exact.scale <= digits)
        return exact;
    const magnitude unit = power_of_ten(exact.scale - digits), value = magnitude_of(exact), rest = value % unit;
    const bool negative = exact.mantissa < 0;
    magnitude rounded = value / unit;
    if (mode == ROUND_HALF_AWAY ? rest >= unit - rest : rest > 0 && mode == (negative ? ROUND_DOWN : ROUND_UP))
        rounded++;
    for (; digits > 0 && rounded % 10 == 0; digits--)
        rounded /= 10;
    return (struct number){.mantissa = mantissa_of(rounded, negative), .scale = digits};
}
