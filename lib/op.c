#include "op.h"

#include <math.h>

static const char bad_state[] = "meets a state that is damaged, or of another operation";
static const char sum_beyond[] = "takes the sum beyond the exact range (38 digits)";
static const char sum_overflows[] = "takes the sum beyond the range of floating point";

static const char *parse_value(struct bytes value, struct number *number)
{
    switch (number_parse(value, number)) {
    case NUMBER_OK:
        return NULL;
    case NUMBER_BEYOND:
        return number->floating ? "is beyond the range of floating point" : "is beyond the exact range (38 digits)";
    default:
        return "is not a number";
    }
}

/* Takes the field up to the first blank off the front of text. After the last field text->data is NULL. */
static struct bytes next_field(struct bytes *text)
{
    struct bytes field = *text;
    const char *blank = field.size > 0 ? memchr(field.data, ' ', field.size) : NULL;
    if (blank == NULL) {
        *text = (struct bytes){NULL, 0};
        return field;
    }
    field.size = (size_t)(blank - field.data);
    *text = (struct bytes){blank + 1, text->size - field.size - 1};
    return field;
}

static char *append(char *to, struct bytes bytes)
{
    memcpy(to, bytes.data, bytes.size);
    return to + bytes.size;
}

/* A sum: that of the exact numbers, and that of the floating ones, if any came. */
struct sum {
    struct number exact;
    double real, compensation;
    bool floating;
};

static bool parse_real(struct bytes text, double *real)
{
    struct number number;
    double low;
    if (number_parse(text, &number) != NUMBER_OK)
        return false;
    number_split(number, real, &low);
    return true;
}

/* Reads a sum's fields, one or three. */
static bool parse_sum(struct bytes text, struct sum *sum)
{
    *sum = (struct sum){0};
    if (number_parse(next_field(&text), &sum->exact) != NUMBER_OK || sum->exact.floating)
        return false;
    if (text.data == NULL)
        return true;
    sum->floating = true;
    return parse_real(next_field(&text), &sum->real) && parse_real(next_field(&text), &sum->compensation) &&
           text.data == NULL;
}

/* Adds a double, and to the compensation what the addition rounded away. */
static void add_real(struct sum *sum, double value)
{
    double total = sum->real + value;
    if (fabs(sum->real) >= fabs(value))
        sum->compensation += (sum->real - total) + value;
    else
        sum->compensation += (value - total) + sum->real;
    sum->real = total;
}

/* Returns NULL, or why the sum cannot be had. */
static const char *add_number(struct sum *sum, struct number value)
{
    if (!value.floating)
        return number_add(sum->exact, value, &sum->exact) ? NULL : sum_beyond;
    sum->floating = true;
    add_real(sum, value.real);
    return isfinite(sum->real) && isfinite(sum->compensation) ? NULL : sum_overflows;
}

/* The whole as one number; its real may be infinite. */
static struct number total_of(struct sum sum)
{
    if (!sum.floating)
        return sum.exact;
    double high, low;
    number_split(sum.exact, &high, &low);
    add_real(&sum, high);
    add_real(&sum, low);
    return (struct number){.real = sum.real + sum.compensation, .floating = true};
}

/* Writes the state of a sum to where to points, and returns its end. */
static char *write_sum(char *to, const struct sum *sum)
{
    char text[NUMBER_TEXT];
    to = append(to, number_format(sum->exact, text));
    if (sum->floating) {
        *to++ = ' ';
        to = append(to, number_format((struct number){.real = sum->real, .floating = true}, text));
        *to++ = ' ';
        to = append(to, number_format((struct number){.real = sum->compensation, .floating = true}, text));
    }
    return to;
}

/* Reads a state that is an integer. */
static inline bool read_integer(const struct op_scratch *scratch, struct bytes state, int64_t *integer)
{
    if (state.size == scratch->integer_size &&
        (state.data == scratch->state || bytes_equal(state, (struct bytes){scratch->state, state.size}))) {
        *integer = scratch->integer;
        return true;
    }
    return number_parse_integer(state, integer);
}

/* Makes an integer the next state and what is sent on. */
static inline void give_integer(struct op_scratch *scratch, int64_t integer, struct op_result *result)
{
    size_t size = number_format_integer(integer, scratch->state).size;
    result->state = (struct bytes){scratch->state, size};
    result->emit = (struct bytes){scratch->state, size};
    result->plain = true;
    scratch->integer = integer;
    scratch->integer_size = size;
}

static const char *apply_sum(struct op_scratch *scratch, struct bytes state, struct bytes value,
                             struct op_result *result)
{
    int64_t before = 0, integer;
    if (number_parse_integer(value, &integer) && (state.data == NULL || read_integer(scratch, state, &before))) {
        give_integer(scratch, before + integer, result);
        return NULL;
    }

    struct number number;
    struct sum sum = {0};
    const char *why = parse_value(value, &number);
    if (why != NULL)
        return why;
    if (state.data != NULL && !parse_sum(state, &sum))
        return bad_state;
    why = add_number(&sum, number);
    if (why != NULL)
        return why;
    struct number total = total_of(sum);
    if (total.floating && !isfinite(total.real))
        return sum_overflows;
    result->state = (struct bytes){scratch->state, (size_t)(write_sum(scratch->state, &sum) - scratch->state)};
    result->emit = sum.floating ? number_format(total, scratch->number) : result->state;
    result->plain = true;
    scratch->integer_size = 0;
    return NULL;
}

/* Takes the last of several fields off the end of text, and reads it as a count. */
static bool parse_count(struct bytes *text, int64_t *count)
{
    size_t at = text->size;
    while (at > 0 && text->data[at - 1] != ' ')
        at--;
    if (at == 0 || !number_parse_integer((struct bytes){text->data + at, text->size - at}, count))
        return false;
    text->size = at - 1;
    return *count > 0;
}

static const char *apply_mean(struct op_scratch *scratch, struct bytes state, struct bytes value,
                              struct op_result *result)
{
    struct number number;
    struct sum sum = {0};
    int64_t count = 0;
    const char *why = parse_value(value, &number);
    if (why != NULL)
        return why;
    if (state.data != NULL && (!parse_count(&state, &count) || !parse_sum(state, &sum)))
        return bad_state;
    why = add_number(&sum, number);
    if (why != NULL)
        return why;
    struct number total = total_of(sum);
    if (total.floating && !isfinite(total.real))
        return sum_overflows;
    count++;
    char *end = write_sum(scratch->state, &sum);
    *end++ = ' ';
    end = append(end, number_format_integer(count, scratch->number));
    result->state = (struct bytes){scratch->state, (size_t)(end - scratch->state)};
    result->emit = number_format(number_divide(total, count), scratch->number);
    result->plain = true;
    return NULL;
}

static const char *apply_count(struct op_scratch *scratch, struct bytes state, struct bytes value,
                               struct op_result *result)
{
    (void)value;
    int64_t count = 0;
    if (state.data != NULL && (!read_integer(scratch, state, &count) || count < 1))
        return bad_state;
    give_integer(scratch, count + 1, result);
    return NULL;
}

/* Keeps the value where it lies on the side of the state that sign says, otherwise the state. */
static const char *keep_extreme(struct bytes state, struct bytes value, int sign, struct op_result *result)
{
    struct number number, kept;
    int64_t integer, before;
    bool keep_state = false;
    if (state.data != NULL && number_parse_integer(value, &integer) && number_parse_integer(state, &before)) {
        keep_state = sign > 0 ? integer <= before : integer >= before;
    } else {
        const char *why = parse_value(value, &number);
        if (why != NULL)
            return why;
        if (state.data != NULL && number_parse(state, &kept) != NUMBER_OK)
            return bad_state;
        keep_state = state.data != NULL && number_compare(number, kept) * sign <= 0;
    }
    result->state = result->emit = keep_state ? state : value;
    result->plain = true;
    return NULL;
}

static const char *apply_min(struct op_scratch *scratch, struct bytes state, struct bytes value,
                             struct op_result *result)
{
    (void)scratch;
    return keep_extreme(state, value, -1, result);
}

static const char *apply_max(struct op_scratch *scratch, struct bytes state, struct bytes value,
                             struct op_result *result)
{
    (void)scratch;
    return keep_extreme(state, value, 1, result);
}

static const char *apply_first(struct op_scratch *scratch, struct bytes state, struct bytes value,
                               struct op_result *result)
{
    (void)scratch;
    result->state = result->emit = state.data != NULL ? state : value;
    result->plain = false;
    return NULL;
}

static const char *apply_last(struct op_scratch *scratch, struct bytes state, struct bytes value,
                              struct op_result *result)
{
    (void)scratch;
    (void)state;
    result->state = result->emit = value;
    result->plain = false;
    return NULL;
}

const struct op op_table[] = {
    {"sum", "the sum of the values", apply_sum},
    {"count", "how many records there were; a value may be anything", apply_count},
    {"min", "the least value, as it was written", apply_min},
    {"max", "the greatest value, as it was written", apply_max},
    {"mean", "the sum of the values divided by their count", apply_mean},
    {"first", "the first value, which may be anything", apply_first},
    {"last", "the latest value, which may be anything", apply_last},
    {NULL, NULL, NULL},
};

const struct op *op_find(const char *name)
{
    for (const struct op *op = op_table; op->name != NULL; op++)
        if (strcmp(op->name, name) == 0)
            return op;
    return NULL;
}
