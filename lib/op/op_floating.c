#include <math.h>

#include "op/op_part.h"

/* The operations that work in floating point alone. */

static const char variance_overflows[] = "takes the variance beyond the range of floating point";
static const char average_overflows[] = "takes the average beyond the range of floating point";

/* mean and squares are about the differences from origin, the first value: values that are far from zero but near to
 * each other would lose their digits otherwise. */
struct moments {
    int64_t count;
    double origin, mean, squares;
};

static bool parse_moments(struct bytes text, struct moments *moments)
{
    return number_parse_integer(op_next_field(&text), &moments->count) && moments->count > 0 &&
           op_parse_real(op_next_field(&text), &moments->origin) &&
           op_parse_real(op_next_field(&text), &moments->mean) &&
           op_parse_real(op_next_field(&text), &moments->squares) && text.data == NULL && moments->squares >= 0;
}

/* Returns the text of the sample variance or its root; data is NULL if there is one value only. */
static struct bytes spread(struct op *op, const struct moments *moments, bool root)
{
    if (moments->count < 2)
        return (struct bytes){NULL, 0};
    double variance = moments->squares / (double)(moments->count - 1);
    return op_format_real(root ? sqrt(variance) : variance, op->scratch.number);
}

static const char *take_moment(struct op *op, struct bytes state, struct bytes value, struct op_result *result,
                               bool root)
{
    struct moments moments = {0};
    double real;
    char text[NUMBER_TEXT];
    const char *why = op_parse_double(value, &real);
    if (why != NULL)
        return why;
    if (state.data != NULL && !parse_moments(state, &moments))
        return op_bad_state;
    if (moments.count++ == 0)
        moments.origin = real;
    real -= moments.origin;
    double difference = real - moments.mean;
    moments.mean += difference / (double)moments.count;
    moments.squares += difference * (real - moments.mean);
    if (!isfinite(moments.mean) || !isfinite(moments.squares))
        return variance_overflows;
    char *end = bytes_copy(op->scratch.state, number_format_integer(moments.count, text));
    *end++ = ' ';
    end = bytes_copy(end, op_format_real(moments.origin, text));
    *end++ = ' ';
    end = bytes_copy(end, op_format_real(moments.mean, text));
    *end++ = ' ';
    end = bytes_copy(end, op_format_real(moments.squares, text));
    result->state = (struct bytes){op->scratch.state, (size_t)(end - op->scratch.state)};
    result->emit = spread(op, &moments, root);
    result->plain = true;
    return NULL;
}

static bool total_moments(struct op *op, struct bytes state, struct bytes *emit, bool root)
{
    struct moments moments;
    if (!parse_moments(state, &moments))
        return false;
    *emit = spread(op, &moments, root);
    return true;
}

const char *op_apply_var(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    return take_moment(op, state, value, result, false);
}

const char *op_apply_stddev(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    return take_moment(op, state, value, result, true);
}

bool op_total_var(struct op *op, struct bytes state, struct bytes *emit)
{
    return total_moments(op, state, emit, false);
}

bool op_total_stddev(struct op *op, struct bytes state, struct bytes *emit)
{
    return total_moments(op, state, emit, true);
}

const char *op_apply_ewma(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    double real, average;
    const char *why = op_parse_double(value, &real);
    if (why != NULL)
        return why;
    if (state.data == NULL)
        average = real;
    else if (!op_parse_real(state, &average))
        return op_bad_state;
    average = op->alpha * real + (1 - op->alpha) * average;
    if (!isfinite(average))
        return average_overflows;
    result->state = result->emit = op_format_real(average, op->scratch.state);
    result->plain = true;
    return NULL;
}
