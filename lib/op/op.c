#include "op/op.h"

#include <math.h>

#include "base/decimal.h"
#include "op/op_part.h"

#define COUNT_MOST UINT64_C(999999999999999999) /* of NUMBER_INTEGER_DIGITS digits */

const char op_bad_state[] = "meets a state that is damaged, or of another operation";
const char op_beyond[] = "is beyond the exact range (38 digits)";
static const char sum_beyond[] = "takes the sum beyond the exact range (38 digits)";
static const char sum_overflows[] = "takes the sum beyond the range of floating point";
static const char difference_beyond[] = "is too far from the value before it for the exact range (38 digits)";

/* Returns why a value that was read with this answer cannot be taken, or NULL if it can. */
static const char *why_not(enum number_answer answer, const struct number *number)
{
    switch (answer) {
    case NUMBER_OK:
        return NULL;
    case NUMBER_BEYOND:
        return number->floating ? "is beyond the range of floating point" : op_beyond;
    default:
        return "is not a number";
    }
}

static const char *parse_value(struct bytes value, struct number *number)
{
    return why_not(number_parse(value, number), number);
}

const char *op_parse_decimal(struct bytes value, struct number *number)
{
    return why_not(number_parse_decimal(value, number), number);
}

const char *op_parse_double(struct bytes value, double *real)
{
    struct number number;
    double low;
    const char *why = parse_value(value, &number);
    if (why == NULL)
        number_split(number, real, &low);
    return why;
}

bool op_take_count(struct bytes *text, char end, int64_t *count)
{
    struct bytes rest = *text;
    uint64_t number;
    if (!decimal_take(&rest, COUNT_MOST, &number) || rest.size == 0 || *rest.data != end)
        return false;
    *count = (int64_t)number;
    *text = (struct bytes){rest.data + 1, rest.size - 1};
    return true;
}

struct buffer *op_next_state(struct op *op, struct bytes state)
{
    struct buffer *next = &op->states[state.data != NULL && state.data == op->states[0].data];
    next->size = 0;
    return next;
}

struct bytes op_next_field(struct bytes *text)
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

bool op_parse_real(struct bytes text, double *real)
{
    return op_parse_double(text, real) == NULL;
}

struct bytes op_format_real(double real, char text[NUMBER_TEXT])
{
    return number_format((struct number){.real = real, .floating = true}, text);
}

/* The sum of the exact numbers, and that of the floating numbers if floating is set. */
struct sum {
    struct number exact;
    double real, compensation;
    bool floating;
};

/* Reads a sum's fields, one or three. */
static bool parse_sum(struct bytes text, struct sum *sum)
{
    *sum = (struct sum){0};
    if (number_parse(op_next_field(&text), &sum->exact) != NUMBER_OK || sum->exact.floating)
        return false;
    if (text.data == NULL)
        return true;
    sum->floating = true;
    return op_parse_real(op_next_field(&text), &sum->real) && op_parse_real(op_next_field(&text), &sum->compensation) &&
           text.data == NULL;
}

/* Adds a double, and adds the rounding error of that to the compensation. */
static void add_real(struct sum *sum, double value)
{
    double total = sum->real + value;
    if (fabs(sum->real) >= fabs(value))
        sum->compensation += (sum->real - total) + value;
    else
        sum->compensation += (value - total) + sum->real;
    sum->real = total;
}

/* Returns the whole sum as one number. If it is floating, it may be infinite or NaN. */
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

/* Adds a value, and sets *total to the whole sum. Returns NULL, or why the value cannot be taken. */
static inline const char *add_number(struct sum *sum, struct number value, struct number *total)
{
    if (!value.floating && !number_add(sum->exact, value, &sum->exact))
        return sum_beyond;
    if (value.floating) {
        sum->floating = true;
        add_real(sum, value.real);
    }
    *total = total_of(*sum);
    return !total->floating || isfinite(total->real) ? NULL : sum_overflows;
}

/* Writes the state of a sum, and returns its end. */
static char *write_sum(char *to, const struct sum *sum)
{
    char text[NUMBER_TEXT];
    to = bytes_copy(to, number_format(sum->exact, text));
    if (sum->floating) {
        *to++ = ' ';
        to = bytes_copy(to, op_format_real(sum->real, text));
        *to++ = ' ';
        to = bytes_copy(to, op_format_real(sum->compensation, text));
    }
    return to;
}

/* Writes the digits as a state. */
static inline struct bytes write_digits(struct op *op, const struct number_digits *digits)
{
    char *const text = op->scratch.state;
    return (struct bytes){text, (size_t)(number_write_sixteen(text, digits) - text)};
}

/* Adds eight digits to a state that is an integer of up to 16 digits without a sign, as most are. Returns false if it
 * is anything else. */
static inline bool add_digits(struct op *op, struct bytes state, uint64_t more, struct op_result *result)
{
    struct number_digits digits;
    if (!number_read_digits(state, &digits) || !number_add_digits(&digits, more))
        return false;
    const struct bytes sum = write_digits(op, &digits);
    *result = (struct op_result){.state = sum, .emit = sum, .plain = true};
    return true;
}

/* The same for records in a row, as op_run: adds their values or, if counts, one for each. */
static inline size_t run_digits(struct op *op, struct bytes *state, const struct record *records, size_t count,
                                struct line_writer *writer, bool counts)
{
    struct number_digits digits = {NUMBER_EIGHT_ZEROS, NUMBER_EIGHT_ZEROS};
    uint64_t more = NUMBER_EIGHT_ONE;
    if (!counts && !number_read_eight(records[0].value, &more))
        return 0;
    if (state->data != NULL && (!number_read_digits(*state, &digits) || (counts && *state->data == '0')))
        return 0;
    const struct bytes prefix = frame_prefix(&records[0]);
    char *const start = line_reserve(writer, frame_sizes(records, count) + count * sizeof digits), *to = start;
    size_t i = 0;
    while (number_add_digits(&digits, more)) {
        to = number_write_sixteen(line_copy(to, prefix), &digits);
        *to++ = '\n';
        if (++i == count || !records[i].same_key || (!counts && !number_read_eight(records[i].value, &more)))
            break;
    }
    writer->size += (size_t)(to - start);
    if (i > 0)
        *state = write_digits(op, &digits);
    return i;
}

static size_t run_sum(struct op *op, struct bytes *state, const struct record *records, size_t count,
                      struct line_writer *writer)
{
    return run_digits(op, state, records, count, writer, false);
}

static size_t run_count(struct op *op, struct bytes *state, const struct record *records, size_t count,
                        struct line_writer *writer)
{
    return run_digits(op, state, records, count, writer, true);
}

static const char *apply_sum(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    struct op_scratch *scratch = &op->scratch;
    int64_t before = 0, integer;
    uint64_t digits;
    if (number_read_eight(value, &digits) && add_digits(op, state, digits, result))
        return NULL;
    result->plain = true;
    if (number_parse_integer(value, &integer) && (state.data == NULL || number_parse_integer(state, &before))) {
        result->state = result->emit = number_format_integer(before + integer, scratch->state);
        return NULL;
    }

    struct number number, total;
    struct sum sum = {0};
    const char *why = parse_value(value, &number);
    if (why != NULL)
        return why;
    if (state.data != NULL && !parse_sum(state, &sum))
        return op_bad_state;
    why = add_number(&sum, number, &total);
    if (why != NULL)
        return why;
    result->state = (struct bytes){scratch->state, (size_t)(write_sum(scratch->state, &sum) - scratch->state)};
    result->emit = sum.floating ? number_format(total, scratch->number) : result->state;
    return NULL;
}

/* For operations that send the state itself. */
static bool total_state(struct op *op, struct bytes state, struct bytes *emit)
{
    (void)op;
    *emit = state;
    return true;
}

static bool total_sum(struct op *op, struct bytes state, struct bytes *emit)
{
    struct sum sum;
    if (!parse_sum(state, &sum))
        return false;
    *emit = number_format(total_of(sum), op->scratch.number);
    return true;
}

/* Takes a positive count and the blank before it from the end of *text. Returns false if *text ends otherwise. */
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

static const char *apply_mean(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    struct op_scratch *scratch = &op->scratch;
    struct number number, total;
    struct sum sum = {0};
    int64_t count = 0;
    const char *why = parse_value(value, &number);
    if (why != NULL)
        return why;
    if (state.data != NULL && (!parse_count(&state, &count) || !parse_sum(state, &sum)))
        return op_bad_state;
    why = add_number(&sum, number, &total);
    if (why != NULL)
        return why;
    count++;
    char *end = write_sum(scratch->state, &sum);
    *end++ = ' ';
    end = bytes_copy(end, number_format_integer(count, scratch->number));
    result->state = (struct bytes){scratch->state, (size_t)(end - scratch->state)};
    result->emit = number_format(number_divide(total, count), scratch->number);
    result->plain = true;
    return NULL;
}

static bool total_mean(struct op *op, struct bytes state, struct bytes *emit)
{
    struct sum sum;
    int64_t count;
    if (!parse_count(&state, &count) || !parse_sum(state, &sum))
        return false;
    *emit = number_format(number_divide(total_of(sum), count), op->scratch.number);
    return true;
}

static const char *apply_count(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    (void)value;
    int64_t count = 0;
    if (state.size > 0 && state.data[0] != '0' && add_digits(op, state, NUMBER_EIGHT_ONE, result))
        return NULL;
    if (state.data != NULL && (!number_parse_integer(state, &count) || count < 1))
        return op_bad_state;
    result->state = result->emit = number_format_integer(count + 1, op->scratch.state);
    result->plain = true;
    return NULL;
}

/* Makes the value the new state if it is greater (sign 1) or less (sign -1) than the state, and keeps the state
 * otherwise. */
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
            return op_bad_state;
        keep_state = state.data != NULL && number_compare(number, kept) * sign <= 0;
    }
    result->state = result->emit = keep_state ? state : value;
    result->plain = true;
    return NULL;
}

static const char *apply_min(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    (void)op;
    return keep_extreme(state, value, -1, result);
}

static const char *apply_max(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    (void)op;
    return keep_extreme(state, value, 1, result);
}

static const char *apply_first(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    (void)op;
    result->state = result->emit = state.data != NULL ? state : value;
    result->plain = false;
    return NULL;
}

static const char *apply_last(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    (void)op;
    (void)state;
    result->state = result->emit = value;
    result->plain = false;
    return NULL;
}

static const char *apply_delta(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    int64_t integer, before;
    struct number number, kept;
    *result = (struct op_result){.state = value, .plain = true};
    if (state.data != NULL && number_parse_integer(value, &integer) && number_parse_integer(state, &before)) {
        result->emit = number_format_integer(integer - before, op->scratch.number);
        return NULL;
    }
    const char *why = op_parse_decimal(value, &number);
    if (why != NULL || state.data == NULL)
        return why;
    if (number_parse_decimal(state, &kept) != NUMBER_OK)
        return op_bad_state;
    if (__builtin_sub_overflow((number_mantissa)0, kept.mantissa, &kept.mantissa) || !number_add(number, kept, &number))
        return difference_beyond;
    result->emit = number_format(number, op->scratch.number);
    return NULL;
}

static bool take_alpha(struct op *op, struct number parameter)
{
    double low;
    number_split(parameter, &op->alpha, &low);
    return op->alpha > 0 && op->alpha <= 1;
}

static bool take_top(struct op *op, struct number parameter)
{
    const bool taken =
        !parameter.floating && parameter.scale == 0 && parameter.mantissa >= 1 && parameter.mantissa <= 100;
    if (taken)
        op->top = (int64_t)parameter.mantissa;
    return taken;
}

static bool take_width(struct op *op, struct number parameter)
{
    op->width = parameter;
    return !parameter.floating && parameter.mantissa > 0;
}

const struct op_kind op_table[] = {
    {.name = "sum", .apply = apply_sum, .run = run_sum, .total = total_sum},
    {.name = "count", .apply = apply_count, .run = run_count, .total = total_state},
    {.name = "min", .apply = apply_min, .total = total_state},
    {.name = "max", .apply = apply_max, .total = total_state},
    {.name = "mean", .apply = apply_mean, .total = total_mean},
    {.name = "var", .apply = op_apply_var, .total = op_total_var},
    {.name = "stddev", .apply = op_apply_stddev, .total = op_total_stddev},
    {.name = "delta", .apply = apply_delta},
    {.name = "ewma",
     .apply = op_apply_ewma,
     .total = total_state,
     .parameter = "ALPHA",
     .expected = "a number above 0 and up to 1",
     .take_parameter = take_alpha},
    {.name = "distinct", .apply = op_apply_distinct, .total = op_total_distinct},
    {.name = "topk",
     .apply = op_apply_topk,
     .total = op_total_topk,
     .parameter = "N",
     .expected = "an integer from 1 to 100",
     .take_parameter = take_top},
    {.name = "histogram",
     .apply = op_apply_histogram,
     .total = total_state,
     .parameter = "WIDTH",
     .expected = "a number above 0, without an exponent",
     .take_parameter = take_width},
    {.name = "first", .apply = apply_first, .total = total_state},
    {.name = "last", .apply = apply_last, .total = total_state},
    {0},
};

static void say_names(struct buffer *why, const char *text)
{
    buffer_print(why, "there is no operation \"%s\": there are", text);
    for (const struct op_kind *each = op_table; each->name != NULL; each++)
        buffer_print(why, "%s %s%s%s",
                     each == op_table       ? ""
                     : each[1].name == NULL ? " and"
                                            : ",",
                     each->name, each->parameter != NULL ? ":" : "", each->parameter != NULL ? each->parameter : "");
    (void)buffer_string(why);
}

bool op_open(struct op *op, const char *text, struct buffer *why)
{
    const char *colon = strchr(text, ':');
    const size_t size = colon != NULL ? (size_t)(colon - text) : strlen(text);
    const struct op_kind *kind = op_table;
    *op = (struct op){.apply = NULL};
    while (kind->name != NULL && !bytes_equal(bytes_of(kind->name), (struct bytes){text, size}))
        kind++;
    if (kind->name == NULL || (colon != NULL && kind->parameter == NULL)) {
        say_names(why, text);
        return false;
    }
    op->kind = kind;
    op->apply = kind->apply;
    char *end = bytes_copy(op->name, bytes_of(kind->name));
    if (kind->parameter == NULL)
        return true;
    struct number parameter;
    char canonical[NUMBER_TEXT];
    if (colon == NULL || number_parse(bytes_of(colon + 1), &parameter) != NUMBER_OK ||
        !kind->take_parameter(op, parameter)) {
        buffer_print(why, "%s: %s of %s:%s is %s", text, kind->parameter, kind->name, kind->parameter, kind->expected);
        (void)buffer_string(why);
        return false;
    }
    *end++ = ':';
    bytes_copy(end, number_format(parameter, canonical));
    return true;
}

void op_close(struct op *op)
{
    buffer_free(&op->states[0]);
    buffer_free(&op->states[1]);
    buffer_free(&op->emit);
}
