#include "value/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value/number_part.h"

#define DOUBLE_INTEGERS ((magnitude)1 << DBL_MANT_DIG) /* every integer up to this one is a double */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* Appends digits to *value. Returns false if it becomes greater than MAGNITUDE_MAX. */
static bool append_digits(magnitude *value, const char *digits, const char *end)
{
    for (; digits < end; digits++) {
        unsigned digit = (unsigned)(*digits - '0');
        if (*value > MAGNITUDE_MAX / 10 || *value * 10 + digit > MAGNITUDE_MAX)
            return false;
        *value = *value * 10 + digit;
    }
    return true;
}

/* Multiplies the mantissa by 10^digits. Returns false if it does not fit. */
static bool scale_up(struct number *number, int digits)
{
    magnitude power = power_of_ten(digits), value = magnitude_of(*number);
    if (value > (MAGNITUDE_MAX - 1) / power)
        return false;
    number->mantissa = mantissa_of(value * power, number->mantissa < 0);
    return true;
}

/* Removes zeros from the end of the digits after the point. */
static void scale_down(struct number *number)
{
    for (; number->scale > 0 && number->mantissa % 10 == 0; number->scale--)
        number->mantissa /= 10;
}

static double nearest_double(struct bytes text)
{
    char few[128];
    char *string = text.size < sizeof few ? few : bytes_allocate(text.size + 1);
    memcpy(string, text.data, text.size);
    string[text.size] = '\0';
    double real = strtod(string, NULL);
    if (string != few)
        free(string);
    return real;
}

/* Reads a floating number whose text is known to be good up to exponent. */
static enum number_answer parse_floating(struct bytes text, const char *exponent, struct number *number)
{
    const char *end = text.data + text.size;
    if (*exponent != 'e' && *exponent != 'E')
        return NUMBER_NONE;
    const char *digits = exponent + 1;
    if (digits < end && (*digits == '-' || *digits == '+'))
        digits++;
    if (digits == end || skip_digits(digits, end) != end)
        return NUMBER_NONE;

    *number = (struct number){.real = nearest_double(text), .floating = true};
    return isfinite(number->real) ? NUMBER_OK : NUMBER_BEYOND;
}

/* flatten, as every number that is not a short integer comes here, and the functions called have other callers too. */
__attribute__((flatten)) enum number_answer number_parse(struct bytes text, struct number *number)
{
    *number = (struct number){0};
    int64_t integer;
    if (number_parse_integer(text, &integer)) {
        number->mantissa = integer;
        return NUMBER_OK;
    }
    if (text.size == 0)
        return NUMBER_NONE;

    const char *at = text.data, *end = at + text.size;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    const char *whole = at, *whole_end = skip_digits(at, end);
    const char *fraction = whole_end < end && *whole_end == '.' ? whole_end + 1 : whole_end;
    const char *fraction_end = skip_digits(fraction, end);
    if (whole == whole_end && fraction == fraction_end)
        return NUMBER_NONE;
    if (fraction_end < end)
        return parse_floating(text, fraction_end, number);

    while (fraction_end > fraction && fraction_end[-1] == '0')
        fraction_end--;
    magnitude value = 0;
    if (fraction_end - fraction > NUMBER_SCALE_MAX || !append_digits(&value, whole, whole_end) ||
        !append_digits(&value, fraction, fraction_end) || (value == MAGNITUDE_MAX && !negative))
        return NUMBER_BEYOND;
    number->mantissa = mantissa_of(value, negative);
    number->scale = (int)(fraction_end - fraction);
    return NUMBER_OK;
}

enum number_answer number_parse_decimal(struct bytes text, struct number *number)
{
    enum number_answer answer = number_parse(text, number);
    if (answer == NUMBER_NONE || !number->floating)
        return answer;
    const char *exponent = text.data;
    while (*exponent != 'e' && *exponent != 'E')
        exponent++;
    const size_t digits = (size_t)(exponent - text.data);
    struct number power;
    answer = number_parse((struct bytes){text.data, digits}, number);
    if (answer != NUMBER_OK || number->mantissa == 0)
        return answer;
    if (number_parse((struct bytes){exponent + 1, text.size - digits - 1}, &power) != NUMBER_OK ||
        power.mantissa > NUMBER_SCALE_MAX || power.mantissa < -2 * NUMBER_SCALE_MAX)
        return NUMBER_BEYOND;
    int scale = number->scale - (int)power.mantissa;
    for (; scale > 0 && number->mantissa % 10 == 0; scale--)
        number->mantissa /= 10;
    number->scale = scale > 0 ? scale : 0;
    return scale <= NUMBER_SCALE_MAX && scale_up(number, scale < 0 ? -scale : 0) ? NUMBER_OK : NUMBER_BEYOND;
}

static struct bytes format_floating(double real, char text[NUMBER_TEXT])
{
    if (real == 0)
        real = 0; /* without its sign */
    int digits = fabs(real) < DBL_MIN ? 1 : DBL_DIG;
    int size;
    do
        size = snprintf(text, NUMBER_TEXT, "%.*g", digits, real);
    while (digits++ < DBL_DECIMAL_DIG && strtod(text, NULL) != real);
    return (struct bytes){text, (size_t)size};
}

/* Writes the digits of a magnitude. to must have room for 64 bytes. Returns the end of the digits. */
static char *write_magnitude(char *to, magnitude value)
{
    const uint64_t sixteen = 10000000000000000, eight = 100000000;
    if (value <= UINT64_MAX)
        return number_write_digits(to, (uint64_t)value);
    to = write_magnitude(to, value / sixteen);
    uint64_t rest = (uint64_t)(value % sixteen);
    number_store_eight(to, number_eight_digits((uint32_t)(rest / eight)));
    number_store_eight(to + 8, number_eight_digits((uint32_t)(rest % eight)));
    return to + 16;
}

struct bytes number_format(struct number number, char text[NUMBER_TEXT])
{
    if (number.floating)
        return format_floating(number.real, text);

    char digits[64];
    size_t size = (size_t)(write_magnitude(digits, magnitude_of(number)) - digits);
    size_t fraction = (size_t)number.scale;
    char *to = text;
    if (number.mantissa < 0)
        *to++ = '-';
    if (size > fraction) {
        memcpy(to, digits, size - fraction);
        to += size - fraction;
    } else {
        *to++ = '0';
    }
    if (fraction > 0) {
        size_t zeros = fraction > size ? fraction - size : 0;
        *to++ = '.';
        memset(to, '0', zeros);
        memcpy(to + zeros, digits + size - (fraction - zeros), fraction - zeros);
        to += fraction;
    }
    return (struct bytes){text, (size_t)(to - text)};
}

bool number_add(struct number a, struct number b, struct number *sum)
{
    if (a.scale > b.scale)
        return number_add(b, a, sum);
    if (a.scale < b.scale && !scale_up(&a, b.scale - a.scale))
        return false;
    *sum = b;
    if (__builtin_add_overflow(a.mantissa, b.mantissa, &sum->mantissa))
        return false;
    scale_down(sum);
    return true;
}

bool number_floor(struct number number, struct number width, struct number *multiple)
{
    const int scale = number.scale > width.scale ? number.scale : width.scale;
    if (!scale_up(&number, scale - number.scale) || !scale_up(&width, scale - width.scale))
        return false;
    number_mantissa rest = number.mantissa % width.mantissa;
    if (rest < 0)
        rest += width.mantissa;
    *multiple = (struct number){.scale = scale};
    if (__builtin_sub_overflow(number.mantissa, rest, &multiple->mantissa))
        return false;
    scale_down(multiple);
    return true;
}

/* The sign of a - b. */
#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_exact(struct number a, struct number b)
{
    if (a.scale == b.scale)
        return ORDER(a.mantissa, b.mantissa);
    number_mantissa a_unit = (number_mantissa)power_of_ten(a.scale), b_unit = (number_mantissa)power_of_ten(b.scale);
    number_mantissa a_whole = a.mantissa / a_unit, b_whole = b.mantissa / b_unit;
    if (a_whole != b_whole)
        return ORDER(a_whole, b_whole);
    number_mantissa a_rest = a.mantissa % a_unit * (number_mantissa)power_of_ten(NUMBER_SCALE_MAX - a.scale);
    number_mantissa b_rest = b.mantissa % b_unit * (number_mantissa)power_of_ten(NUMBER_SCALE_MAX - b.scale);
    return ORDER(a_rest, b_rest);
}

/* Splits both into a whole number and a fraction. The fractions are compared bit by bit: doubling either is exact. */
static int compare_with_real(struct number exact, double real)
{
    const double limit = (double)MAGNITUDE_MAX;
    if (real >= limit || real < -limit)
        return real > 0 ? -1 : 1;
    number_mantissa unit = (number_mantissa)power_of_ten(exact.scale);
    number_mantissa whole = exact.mantissa / unit, real_whole = (number_mantissa)real;
    if (whole != real_whole)
        return ORDER(whole, real_whole);
    number_mantissa rest = exact.mantissa % unit;
    double real_rest = real - (double)real_whole;
    if (rest < 0 || real_rest < 0) {
        if (rest >= 0 || real_rest >= 0)
            return rest < 0 ? -1 : 1;
        exact.mantissa = -rest;
        return -compare_with_real(exact, -real_rest);
    }
    magnitude bits = (magnitude)rest;
    while (bits != 0 && real_rest != 0) {
        bits *= 2;
        real_rest *= 2;
        bool bit = bits >= (magnitude)unit, real_bit = real_rest >= 1;
        if (bit != real_bit)
            return bit ? 1 : -1;
        if (bit) {
            bits -= (magnitude)unit;
            real_rest -= 1;
        }
    }
    return (bits != 0) - (real_rest != 0);
}

int number_compare(struct number a, struct number b)
{
    if (a.floating && b.floating)
        return ORDER(a.real, b.real);
    if (a.floating)
        return -compare_with_real(b, a.real);
    return b.floating ? compare_with_real(a, b.real) : compare_exact(a, b);
}

/* Divides an exact number by count, and gives the quotient as two doubles. Long division in binary: to twice the digits
 * of a double, and one more bit that stands for all the bits behind it, so that *high is correctly rounded. The
 * remainder is (rest + part / count) / 10^scale. */
static void divide_binary(struct number exact, uint64_t count, double *high, double *low)
{
    magnitude unit = power_of_ten(exact.scale), value = magnitude_of(exact);
    magnitude whole = value / count / unit, rest = value / count % unit;
    uint64_t part = (uint64_t)(value % count);
    int exponent = 0;
    for (; (rest != 0 || part != 0) && whole >> (2 * DBL_MANT_DIG + 1) == 0; exponent--) {
        part *= 2;
        rest *= 2;
        whole *= 2;
        if (part >= count) {
            part -= count;
            rest++;
        }
        if (rest >= unit) {
            rest -= unit;
            whole++;
        }
    }
    whole |= rest != 0 || part != 0;
    double nearest = (double)whole, left = (double)(number_mantissa)(whole - (magnitude)nearest);
    int sign = exact.mantissa < 0 ? -1 : 1;
    *high = sign * ldexp(nearest, exponent);
    *low = sign * ldexp(left, exponent);
}

void number_split(struct number number, double *high, double *low)
{
    if (number.floating) {
        *high = number.real;
        *low = 0;
    } else
        divide_binary(number, 1, high, low);
}

struct number number_divide(struct number number, int64_t count)
{
    if (number.floating)
        return (struct number){.real = number.real / (double)count, .floating = true};

    const magnitude seventeen_digits = 10000000000000000; /* the least number that has as many */
    uint64_t divisor = (uint64_t)count;
    magnitude value = magnitude_of(number), quotient = value / divisor;
    uint64_t rest = (uint64_t)(value % divisor);
    int scale = number.scale;
    for (; rest != 0 && quotient < seventeen_digits && scale < NUMBER_SCALE_MAX; scale++) {
        rest *= 10;
        // cppcheck-suppress zerodivcond
        quotient = quotient * 10 + rest / divisor;
        rest %= divisor;
    }
    if (rest == 0)
        return (struct number){.mantissa = mantissa_of(quotient, number.mantissa < 0), .scale = scale};

    magnitude unit = power_of_ten(number.scale);
    double high, low;
    if (value <= DOUBLE_INTEGERS && unit <= DOUBLE_INTEGERS / divisor)
        /* Both are exact as doubles, and one division rounds once. */
        high = (double)number.mantissa / (double)(unit * divisor);
    else
        divide_binary(number, divisor, &high, &low);
    return (struct number){.real = high, .floating = true};
}

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* Returns the double nearest to a number in JSON's form. If it has few digits, this is one division of two doubles that
 * are exact. */
static double read_real(struct bytes text)
{
    const int exact_power = 22; /* the highest power of ten that is a double */
    struct number number;
    if (number_parse(text, &number) != NUMBER_OK ||
        (!number.floating && (number.scale > exact_power || magnitude_of(number) > DOUBLE_INTEGERS)))
        return nearest_double(text);
    if (number.floating)
        return number.real;
    return copysign((double)magnitude_of(number) / (double)power_of_ten(number.scale), *text.data == '-' ? -1 : 1);
}

/* Returns the end of the digits at `at` that may stand before the point. Returns NULL if there are none, or if they
 * begin with a needless zero. */
static const char *skip_whole(const char *at, const char *end)
{
    return !is_digit(at, end) || (*at == '0' && is_digit(at + 1, end)) ? NULL : skip_digits(at, end);
}

/* Returns whether the text from `at` to end may follow these digits: a fraction, an exponent, both or nothing. */
static bool is_rest(const char *at, const char *end)
{
    if (at < end && *at == '.') {
        if (!is_digit(at + 1, end))
            return false;
        at = skip_digits(at + 1, end);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        if (!is_digit(at, end))
            return false;
        at = skip_digits(at, end);
    }
    return at == end;
}

bool number_is_json(struct bytes text)
{
    const char *const end = text.data + text.size;
    const char *at = skip_whole(text.data + (text.size > 0 && *text.data == '-'), end);
    return at != NULL && is_rest(at, end);
}

enum number_json number_parse_json(struct bytes text, int64_t *integer, double *real)
{
    const char *digits = text.data, *const end = digits + text.size;
    const bool negative = digits < end && *digits == '-';
    digits += negative;
    const char *at = skip_whole(digits, end);
    if (at == NULL)
        return NUMBER_NOT_JSON;
    if (at < end) {
        if (!is_rest(at, end))
            return NUMBER_NOT_JSON;
        *real = read_real(text);
        return isinf(*real) ? NUMBER_NOT_JSON : NUMBER_REAL;
    }
    if (number_parse_integer(text, integer))
        return NUMBER_INTEGER;
    uint64_t value = 0;
    for (; digits < end; digits++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*digits - '0'), &value))
            return NUMBER_NOT_JSON;
    if (value > (uint64_t)INT64_MAX + negative)
        return NUMBER_NOT_JSON;
    *integer = negative ? (int64_t)(0 - value) : (int64_t)value;
    return NUMBER_INTEGER;
}
