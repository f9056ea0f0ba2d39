#include "expr/datum.h"

#include <limits.h>

#include "base/decimal.h"
#include "base/quote.h"

enum number_answer datum_number(const struct datum *datum, struct number *number)
{
    switch (datum->kind) {
    case DATUM_NUMBER:
        *number = datum->number;
        return NUMBER_OK;
    case DATUM_TEXT:
    case DATUM_INPUT:
        return number_parse(datum->text, number);
    default:
        return NUMBER_NONE;
    }
}

struct bytes datum_bytes(const struct datum *datum, char text[NUMBER_TEXT])
{
    switch (datum->kind) {
    case DATUM_NULL:
        return (struct bytes){NULL, 0};
    case DATUM_BOOLEAN:
        return bytes_of(datum->truth ? "true" : "false");
    case DATUM_NUMBER:
        if (datum->text.data != NULL)
            return datum->text;
        return number_is_small(&datum->number) ? number_format_integer((int64_t)datum->number.mantissa, text)
                                               : number_format(datum->number, text);
    default:
        return datum->text;
    }
}

void datum_quote(struct buffer *message, const struct datum *datum)
{
    char text[NUMBER_TEXT];
    if (datum->kind == DATUM_NULL)
        buffer_print(message, "NULL");
    else if (datum->kind == DATUM_TEXT || datum->kind == DATUM_INPUT)
        quote_add(message, datum->text);
    else
        buffer_add(message, datum_bytes(datum, text));
}

static enum datum_order order_of(int order)
{
    return order < 0 ? DATUM_LESS : order > 0 ? DATUM_GREATER : DATUM_EQUAL;
}

static enum datum_order compare_bytes(const struct datum *a, const struct datum *b)
{
    char a_text[NUMBER_TEXT], b_text[NUMBER_TEXT];
    return order_of(bytes_compare(datum_bytes(a, a_text), datum_bytes(b, b_text)));
}

/* A datum as what is compared with a number: a boolean is one, too. */
static enum number_answer number_beside_number(const struct datum *datum, struct number *number)
{
    if (datum->kind != DATUM_BOOLEAN)
        return datum_number(datum, number);
    *number = (struct number){.mantissa = datum->truth};
    return NUMBER_OK;
}

/* A number as it is written: 0.digits * 10^power, where neither the first nor the last digit is 0. */
struct written {
    bool negative;
    struct bytes digits; /* there may be a point among them; size 0: the number is 0 */
    int64_t power;
};

static bool is_zero_or_point(char byte)
{
    return byte == '0' || byte == '.';
}

static struct written read_written(struct bytes text)
{
    struct written written = {.negative = *text.data == '-'};
    const char *at = text.data + (*text.data == '-' || *text.data == '+'), *end = text.data + text.size;
    const char *exponent = at, *point;
    while (exponent < end && *exponent != 'e' && *exponent != 'E')
        exponent++;
    if (exponent + 1 < end) {
        const bool less = exponent[1] == '-', sign = less || exponent[1] == '+';
        uint64_t power = INT_MAX; /* an exponent beyond that is as good as infinite */
        (void)decimal_parse((struct bytes){exponent + 1 + sign, (size_t)(end - exponent - 1 - sign)}, 0, INT_MAX,
                            &power);
        written.power = less ? -(int64_t)power : (int64_t)power;
    }
    end = exponent;
    point = memchr(at, '.', (size_t)(end - at));
    if (point == NULL)
        point = end;
    while (at < end && is_zero_or_point(*at))
        at++;
    written.power += at < point ? point - at : point + 1 - at;
    while (end > at && is_zero_or_point(end[-1]))
        end--;
    written.digits = (struct bytes){at, (size_t)(end - at)};
    return written;
}

static int compare_digits(struct bytes a, struct bytes b)
{
    const char *x = a.data, *y = b.data, *const x_end = x + a.size, *const y_end = y + b.size;
    for (;;) {
        x += x < x_end && *x == '.';
        y += y < y_end && *y == '.';
        if (x == x_end || y == y_end)
            return (x < x_end) - (y < y_end);
        if (*x != *y)
            return *x < *y ? -1 : 1;
        x++;
        y++;
    }
}

/* Compares two numbers by their digits. */
static int compare_written(struct bytes a, struct bytes b)
{
    const struct written x = read_written(a), y = read_written(b);
    const int x_sign = x.digits.size == 0 ? 0
                       : x.negative       ? -1
                                          : 1,
              y_sign = y.digits.size == 0 ? 0
                       : y.negative       ? -1
                                          : 1;
    if (x_sign != y_sign || x_sign == 0)
        return x_sign - y_sign;
    if (x.power != y.power)
        return x.power < y.power ? -x_sign : x_sign;
    return x_sign * compare_digits(x.digits, y.digits);
}

enum datum_order datum_compare(const struct datum *a, const struct datum *b)
{
    if (a->kind == DATUM_NULL || b->kind == DATUM_NULL)
        return DATUM_UNKNOWN;
    const bool with_number = a->kind == DATUM_NUMBER || b->kind == DATUM_NUMBER;
    if (!with_number && (a->kind != DATUM_INPUT || b->kind != DATUM_INPUT))
        return compare_bytes(a, b);
    int64_t i, j;
    if (datum_integer(a, &i) && datum_integer(b, &j))
        return order_of((i > j) - (i < j));
    struct number x, y;
    const enum number_answer a_answer = number_beside_number(a, &x), b_answer = number_beside_number(b, &y);
    if (a_answer == NUMBER_OK && b_answer == NUMBER_OK)
        return order_of(number_compare(x, y));
    if (a_answer == NUMBER_NONE || b_answer == NUMBER_NONE)
        return with_number ? DATUM_UNEQUAL : compare_bytes(a, b);
    char a_text[NUMBER_TEXT], b_text[NUMBER_TEXT];
    const struct bytes a_bytes = a->kind == DATUM_BOOLEAN ? number_format(x, a_text) : datum_bytes(a, a_text);
    const struct bytes b_bytes = b->kind == DATUM_BOOLEAN ? number_format(y, b_text) : datum_bytes(b, b_text);
    return order_of(compare_written(a_bytes, b_bytes));
}
