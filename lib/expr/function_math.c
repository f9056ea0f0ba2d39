/* Functions of numbers. What can be exact is exact. Functions of real numbers take the nearest double, and give a
 * floating number. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "expr/function.h"
#include "value/arithmetic.h"
#include "value/round.h"

/* --- exact -------------------------------------------------------------------------------------------------------- */

static bool fail_range(struct call *call)
{
    return call_fail(call, "the result is beyond the range");
}

static bool call_abs(struct call *call, struct datum *result)
{
    struct number number;
    if (!call_number(call, 0, &number))
        return false;
    const bool negative = number.floating ? number.real < 0 : number.mantissa < 0;
    if (negative && !arithmetic_negate(number, &number))
        return fail_range(call);
    return give_number(result, number);
}

static bool call_sign(struct call *call, struct datum *result)
{
    struct number number;
    return call_number(call, 0, &number) && give_integer(result, number_compare(number, (struct number){0}));
}

/* Rounds the double nearest to what is written with as many digits after the point. */
static double round_real(double real, int digits)
{
    char text[512];
    if (digits == 0)
        return round(real);
    if (fabs(real) >= 0x1p52)
        return real;
    snprintf(text, sizeof text, "%.*f", digits, real);
    return strtod(text, NULL);
}

static bool call_round(struct call *call, struct datum *result)
{
    struct number number;
    int64_t digits = 0;
    if (!call_number(call, 0, &number) ||
        (call->count == 2 &&
         !call_integer(call, 1, "a number of digits after the point, from 0 to 38", 0, NUMBER_SCALE_MAX, &digits)))
        return false;
    if (number.floating)
        return give_real(call, result, round_real(number.real, (int)digits));
    return give_number(result, round_number(number, (int)digits, ROUND_HALF_AWAY));
}

static bool give_whole(struct call *call, struct datum *result, enum round_mode mode, double (*of_real)(double))
{
    struct number number;
    if (!call_number(call, 0, &number))
        return false;
    if (number.floating)
        return give_real(call, result, of_real(number.real));
    return give_number(result, round_number(number, 0, mode));
}

static bool call_ceil(struct call *call, struct datum *result)
{
    return give_whole(call, result, ROUND_UP, ceil);
}

static bool call_floor(struct call *call, struct datum *result)
{
    return give_whole(call, result, ROUND_DOWN, floor);
}

static bool call_trunc(struct call *call, struct datum *result)
{
    return give_whole(call, result, ROUND_TO_ZERO, trunc);
}

static bool give_quotient(struct call *call, struct datum *result,
                          enum number_answer (*operation)(struct number, struct number, struct number *))
{
    struct number a, b;
    if (!call_number(call, 0, &a) || !call_number(call, 1, &b))
        return false;
    switch (operation(a, b, &a)) {
    case NUMBER_NONE:
        return call_fail_about(call, call_argument(call, 0), "is divided by zero");
    case NUMBER_BEYOND:
        return fail_range(call);
    default:
        return give_number(result, a);
    }
}

static bool call_div(struct call *call, struct datum *result)
{
    return give_quotient(call, result, arithmetic_whole_quotient);
}

static bool call_mod(struct call *call, struct datum *result)
{
    return give_quotient(call, result, arithmetic_remainder);
}

/* --- floating ----------------------------------------------------------------------------------------------------- */

static bool call_real(struct call *call, size_t index, double *real)
{
    struct number number;
    double low;
    if (!call_number(call, index, &number))
        return false;
    number_split(number, real, &low);
    return true;
}

/* Gives what a function of real numbers returns for the argument. */
static bool give_value(struct call *call, struct datum *result, double value)
{
    if (isnan(value))
        return call_fail_about(call, call_argument(call, 0), "is outside of what the function is defined for");
    return give_real(call, result, value);
}

/* Sets *power to base^exponent, for an exponent that is a whole number and not negative. Returns false if the exact
 * range cannot hold it. */
static bool power_exactly(struct number base, number_mantissa exponent, struct number *power)
{
    *power = (struct number){.mantissa = 1};
    while (exponent > 0) {
        if (exponent % 2 == 1 && arithmetic_multiply(*power, base, power) != NUMBER_OK)
            return false;
        exponent /= 2;
        if (exponent > 0 && arithmetic_multiply(base, base, &base) != NUMBER_OK)
            return false;
    }
    return true;
}

static bool call_power(struct call *call, struct datum *result)
{
    struct number base, exponent, power;
    double x, y;
    if (!call_number(call, 0, &base) || !call_number(call, 1, &exponent))
        return false;
    if (!base.floating && !exponent.floating && exponent.scale == 0 && exponent.mantissa >= 0 &&
        power_exactly(base, exponent.mantissa, &power))
        return give_number(result, power);
    if (!call_real(call, 0, &x) || !call_real(call, 1, &y))
        return false;
    if (x == 0 && y < 0)
        return call_fail(call, "zero has no power with a negative exponent");
    return give_value(call, result, pow(x, y));
}

static bool fail_logarithm(struct call *call, size_t index)
{
    return call_fail_about(call, call_argument(call, index), "has no logarithm: it is not greater than 0");
}

static bool give_logarithm(struct call *call, struct datum *result, double (*logarithm)(double))
{
    double x;
    if (!call_real(call, 0, &x))
        return false;
    return x > 0 ? give_real(call, result, logarithm(x)) : fail_logarithm(call, 0);
}

static bool call_ln(struct call *call, struct datum *result)
{
    return give_logarithm(call, result, log);
}

static bool call_log2(struct call *call, struct datum *result)
{
    return give_logarithm(call, result, log2);
}

static bool call_log10(struct call *call, struct datum *result)
{
    return give_logarithm(call, result, log10);
}

static bool call_log(struct call *call, struct datum *result)
{
    double base, x;
    if (call->count == 1)
        return call_log10(call, result);
    if (!call_real(call, 0, &base) || !call_real(call, 1, &x))
        return false;
    if (base <= 0 || base == 1)
        return call_fail_about(call, call_argument(call, 0), "is not the base of a logarithm");
    if (x <= 0)
        return fail_logarithm(call, 1);
    return give_real(call, result, base == 2 ? log2(x) : base == 10 ? log10(x) : log(x) / log(base));
}

static bool call_atan2(struct call *call, struct datum *result)
{
    double y, x;
    return call_real(call, 0, &y) && call_real(call, 1, &x) && give_real(call, result, atan2(y, x));
}

static bool call_atanh(struct call *call, struct datum *result)
{
    double x;
    return call_real(call, 0, &x) && give_value(call, result, fabs(x) < 1 ? atanh(x) : NAN);
}

static bool call_pi(struct call *call, struct datum *result)
{
    return give_real(call, result, M_PI);
}

static double degrees(double x)
{
    return x * (180 / M_PI);
}

static double radians(double x)
{
    return x * (M_PI / 180);
}

/* Defines call_NAME for a function of one real number. */
#define REAL(name)                                                                                                     \
    static bool call_##name(struct call *call, struct datum *result)                                                   \
    {                                                                                                                  \
        double x;                                                                                                      \
        return call_real(call, 0, &x) && give_value(call, result, name(x));                                            \
    }

REAL(sqrt)
REAL(exp)
REAL(sin)
REAL(cos)
REAL(tan)
REAL(asin)
REAL(acos)
REAL(atan)
REAL(sinh)
REAL(cosh)
REAL(tanh)
REAL(asinh)
REAL(acosh)
REAL(degrees)
REAL(radians)

const struct function functions_math[] = {
    {"abs", 1, 1, RESULT_NUMBER, .call = call_abs},         {"sign", 1, 1, RESULT_NUMBER, .call = call_sign},
    {"round", 1, 2, RESULT_NUMBER, .call = call_round},     {"ceil", 1, 1, RESULT_NUMBER, .call = call_ceil},
    {"ceiling", 1, 1, RESULT_NUMBER, .call = call_ceil},    {"floor", 1, 1, RESULT_NUMBER, .call = call_floor},
    {"trunc", 1, 1, RESULT_NUMBER, .call = call_trunc},     {"div", 2, 2, RESULT_NUMBER, .call = call_div},
    {"mod", 2, 2, RESULT_NUMBER, .call = call_mod},         {"pow", 2, 2, RESULT_NUMBER, .call = call_power},
    {"power", 2, 2, RESULT_NUMBER, .call = call_power},     {"sqrt", 1, 1, RESULT_NUMBER, .call = call_sqrt},
    {"exp", 1, 1, RESULT_NUMBER, .call = call_exp},         {"ln", 1, 1, RESULT_NUMBER, .call = call_ln},
    {"log", 1, 2, RESULT_NUMBER, .call = call_log},         {"log2", 1, 1, RESULT_NUMBER, .call = call_log2},
    {"log10", 1, 1, RESULT_NUMBER, .call = call_log10},     {"sin", 1, 1, RESULT_NUMBER, .call = call_sin},
    {"cos", 1, 1, RESULT_NUMBER, .call = call_cos},         {"tan", 1, 1, RESULT_NUMBER, .call = call_tan},
    {"asin", 1, 1, RESULT_NUMBER, .call = call_asin},       {"acos", 1, 1, RESULT_NUMBER, .call = call_acos},
    {"atan", 1, 1, RESULT_NUMBER, .call = call_atan},       {"atan2", 2, 2, RESULT_NUMBER, .call = call_atan2},
    {"sinh", 1, 1, RESULT_NUMBER, .call = call_sinh},       {"cosh", 1, 1, RESULT_NUMBER, .call = call_cosh},
    {"tanh", 1, 1, RESULT_NUMBER, .call = call_tanh},       {"asinh", 1, 1, RESULT_NUMBER, .call = call_asinh},
    {"acosh", 1, 1, RESULT_NUMBER, .call = call_acosh},     {"atanh", 1, 1, RESULT_NUMBER, .call = call_atanh},
    {"degrees", 1, 1, RESULT_NUMBER, .call = call_degrees}, {"radians", 1, 1, RESULT_NUMBER, .call = call_radians},
    {"pi", 0, 0, RESULT_NUMBER, .call = call_pi},           {0},
};
