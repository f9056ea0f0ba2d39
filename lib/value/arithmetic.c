#include "value/arithmetic.h"

#include <math.h>

#include "value/number_part.h"

/* --- floating ----------------------------------------------------------------------------------------------------- */

static double real_of(struct number number)
{
    double high, low;
    number_split(number, &high, &low);
    return high;
}

static enum number_answer give_real(double real, struct number *result)
{
    *result = (struct number){.real = real, .floating = true};
    return isfinite(real) ? NUMBER_OK : NUMBER_BEYOND;
}

/* --- exact -------------------------------------------------------------------------------------------------------- */

/* Sets *result to magnitude / 10^scale, with the smallest scale. */
static enum number_answer give_exact(magnitude value, bool negative, int scale, struct number *result)
{
    for (; scale > 0 && value % 10 == 0; scale--)
        value /= 10;
    if (scale > NUMBER_SCALE_MAX || value > MAGNITUDE_MAX || (value == MAGNITUDE_MAX && !negative))
        return NUMBER_BEYOND;
    *result = (struct number){.mantissa = mantissa_of(value, negative), .scale = scale};
    return NUMBER_OK;
}

bool arithmetic_negate(struct number number, struct number *result)
{
    *result = number;
    if (!number.floating)
        return !__builtin_sub_overflow((number_mantissa)0, number.mantissa, &result->mantissa);
    result->real = -number.real;
    return true;
}

/* A product of two magnitudes. */
struct product {
    magnitude high, low;
};

static struct product multiply(magnitude a, magnitude b)
{
    const magnitude half = UINT64_MAX;
    const magnitude a_low = a & half, a_high = a >> 64, b_low = b & half, b_high = b >> 64;
    const magnitude low = a_low * b_low, middle = a_high * b_low + (low >> 64); /* neither overflows */
    const magnitude other = a_low * b_high + (middle & half);
    return (struct product){a_high * b_high + (middle >> 64) + (other >> 64), other << 64 | (low & half)};
}

/* Divides by ten, and returns the remainder. */
static unsigned divide_by_ten(struct product *product)
{
    uint64_t words[4] = {(uint64_t)(product->high >> 64), (uint64_t)product->high, (uint64_t)(product->low >> 64),
                         (uint64_t)product->low};
    uint64_t rest = 0;
    for (int i = 0; i < 4; i++) {
        const magnitude value = (magnitude)rest << 64 | words[i];
        words[i] = (uint64_t)(value / 10);
        rest = (uint64_t)(value % 10);
    }
    *product = (struct product){(magnitude)words[0] << 64 | words[1], (magnitude)words[2] << 64 | words[3]};
    return (unsigned)rest;
}

/* Sets *result to product / 10^scale. */
static enum number_answer give_product(struct product product, bool negative, int scale, struct number *result)
{
    for (; product.high > 0; scale--)
        if (scale == 0 || divide_by_ten(&product) != 0)
            return NUMBER_BEYOND;
    return give_exact(product.low, negative, scale, result);
}

static bool is_less(struct product a, struct product b)
{
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* Adds b, which is taken as negative or not, to a. Both are exact; their mantissas, or the mantissa of the sum, are
 * beyond the range at the larger of the two scales. The sum may be within it: the signs may differ, or its last digits
 * may be zeros. */
static enum number_answer add_wide(struct number a, struct number b, bool b_is_negative, struct number *result)
{
    const int scale = a.scale > b.scale ? a.scale : b.scale;
    struct product x = multiply(magnitude_of(a), power_of_ten(scale - a.scale));
    struct product y = multiply(magnitude_of(b), power_of_ten(scale - b.scale));
    bool negative = a.mantissa < 0;
    if (negative == b_is_negative) {
        x.low += y.low;
        x.high += y.high + (x.low < y.low);
        return give_product(x, negative, scale, result);
    }
    if (is_less(x, y)) {
        const struct product greater = y;
        y = x;
        x = greater;
        negative = !negative;
    }
    const bool borrow = x.low < y.low;
    x.low -= y.low;
    x.high -= y.high + borrow;
    return give_product(x, negative, scale, result);
}

enum number_answer arithmetic_add(struct number a, struct number b, struct number *result)
{
    if (a.floating || b.floating)
        return give_real(real_of(a) + real_of(b), result);
    return number_add(a, b, result) ? NUMBER_OK : add_wide(a, b, b.mantissa < 0, result);
}

enum number_answer arithmetic_subtract(struct number a, struct number b, struct number *result)
{
    struct number negative;
    if (a.floating || b.floating)
        return give_real(real_of(a) - real_of(b), result);
    return arithmetic_negate(b, &negative) ? arithmetic_add(a, negative, result) : add_wide(a, b, false, result);
}

enum number_answer arithmetic_multiply(struct number a, struct number b, struct number *result)
{
    if (a.floating || b.floating)
        return give_real(real_of(a) * real_of(b), result);
    const magnitude x = magnitude_of(a), y = magnitude_of(b);
    const bool negative = (a.mantissa < 0) != (b.mantissa < 0);
    int scale = a.scale + b.scale;
    if (x <= UINT64_MAX && y <= UINT64_MAX)
        return give_exact(x * y, negative, scale, result);
    return give_product(multiply(x, y), negative, scale, result);
}

/* Long division: the remainder of the digits so far becomes that of one digit more, which is returned. rest is less
 * than divisor, which is at most MAGNITUDE_MAX: twice the rest is no overflow, but ten times would be one. */
static unsigned next_digit(magnitude *rest, magnitude divisor)
{
    if (divisor <= (magnitude)UINT64_MAX) {
        const magnitude ten = *rest * 10;
        *rest = ten % divisor;
        return (unsigned)(ten / divisor);
    }
    static const bool added[] = {false, true, false}; /* ten is ((1 * 2) * 2 + 1) * 2 */
    const magnitude first = *rest;
    unsigned digit = 0;
    for (int i = 0; i < 3; i++) {
        *rest *= 2;
        digit *= 2;
        if (*rest >= divisor) {
            *rest -= divisor;
            digit++;
        }
        if (added[i]) {
            *rest += first;
            if (*rest >= divisor) {
                *rest -= divisor;
                digit++;
            }
        }
    }
    return digit;
}

/* Appends a digit. Returns false if the value becomes greater than most, and leaves it unchanged then. */
static bool append_digit(magnitude *value, unsigned digit, magnitude most)
{
    if (*value > (most - digit) / 10)
        return false;
    *value = *value * 10 + digit;
    return true;
}

/* Rounds the quotient to ARITHMETIC_DIGITS digits. What is left of it is rest / divisor, and not 0. */
static void round_quotient(magnitude *quotient, int *scale, magnitude rest, magnitude divisor)
{
    const magnitude limit = power_of_ten(ARITHMETIC_DIGITS);
    bool more = rest > divisor - rest, half = rest == divisor - rest; /* than a half of the last digit */
    for (; *quotient >= limit; --*scale) {
        more = *quotient % 10 >= 5; /* something follows the digit, so it is never exactly a half */
        half = false;
        *quotient /= 10;
    }
    if (more || (half && *quotient % 2 == 1))
        ++*quotient;
}

enum number_answer arithmetic_divide(struct number a, struct number b, struct number *result)
{
    if (b.floating ? b.real == 0 : b.mantissa == 0)
        return NUMBER_NONE;
    if (a.floating || b.floating)
        return give_real(real_of(a) / real_of(b), result);
    const magnitude divisor = magnitude_of(b);
    const bool negative = (a.mantissa < 0) != (b.mantissa < 0);
    const magnitude most = MAGNITUDE_MAX - !negative;
    magnitude quotient = magnitude_of(a) / divisor, rest = magnitude_of(a) % divisor;
    int scale = a.scale - b.scale;
    while (scale < 0 || (rest != 0 && scale < NUMBER_SCALE_MAX)) {
        const magnitude before = rest;
        if (!append_digit(&quotient, next_digit(&rest, divisor), most)) {
            rest = before;
            break;
        }
        scale++;
    }
    if (scale < 0)
        return NUMBER_BEYOND;
    if (rest != 0) {
        round_quotient(&quotient, &scale, rest, divisor);
        for (; scale < 0; scale++)
            if (!append_digit(&quotient, 0, most))
                return NUMBER_BEYOND;
        if (quotient == 0)
            return NUMBER_BEYOND;
    }
    return give_exact(quotient, negative, scale, result);
}

/* Divides exact numbers: sets *quotient to the magnitude of the whole quotient, and *rest to what is left, at the
 * larger of the two scales. Returns false if the quotient is greater than MAGNITUDE_MAX; *rest is set nevertheless. */
static bool divide_whole(struct number a, struct number b, magnitude *quotient, magnitude *rest)
{
    magnitude divisor = magnitude_of(b);
    bool fits = true;
    *quotient = 0;
    *rest = magnitude_of(a);
    for (int digits = a.scale - b.scale; digits > 0; digits--) {
        if (divisor > MAGNITUDE_MAX / 10)
            return true; /* it is greater than a */
        divisor *= 10;
    }
    *quotient = *rest / divisor;
    *rest %= divisor;
    for (int digits = b.scale - a.scale; digits > 0; digits--) {
        const unsigned digit = next_digit(rest, divisor);
        fits = fits && append_digit(quotient, digit, MAGNITUDE_MAX);
    }
    return fits;
}

enum number_answer arithmetic_whole_quotient(struct number a, struct number b, struct number *result)
{
    if (b.floating ? b.real == 0 : b.mantissa == 0)
        return NUMBER_NONE;
    if (a.floating || b.floating)
        return give_real(trunc(real_of(a) / real_of(b)), result);
    magnitude quotient, rest;
    if (!divide_whole(a, b, &quotient, &rest))
        return NUMBER_BEYOND;
    return give_exact(quotient, (a.mantissa < 0) != (b.mantissa < 0), 0, result);
}

enum number_answer arithmetic_remainder(struct number a, struct number b, struct number *result)
{
    if (b.floating ? b.real == 0 : b.mantissa == 0)
        return NUMBER_NONE;
    if (a.floating || b.floating)
        return give_real(fmod(real_of(a), real_of(b)), result);
    magnitude quotient, rest;
    (void)divide_whole(a, b, &quotient, &rest);
    return give_exact(rest, a.mantissa<0, a.scale> b.scale ? a.scale : b.scale, result);
}
