#include "op/op_part.h"
#include "value/json.h"

/* topk: the most frequent values, by Space-Saving (A. Metwally, D. Agrawal, A. El Abbadi, Efficient Computation of
 * Frequent and Top-k Elements in Data Streams, 2005), with KEPT counters for each value that is asked for. The state
 * has a line for each counter, `COUNT EXCESS SIZE:VALUE`, the greatest count first, and of equal counts the one first
 * that reached it first. The count may be too great by up to EXCESS. SIZE is that of the value in bytes, so that a
 * value may hold any byte. */
enum { KEPT = 10 };

struct counter {
    int64_t count, excess;
    struct bytes value;
    struct bytes line;
};

/* Takes the first counter from the front of *state. Returns false if *state does not begin with one. */
static bool next_counter(struct bytes *state, struct counter *counter)
{
    const char *start = state->data;
    int64_t size;
    if (!op_take_count(state, ' ', &counter->count) || !op_take_count(state, ' ', &counter->excess) ||
        !op_take_count(state, ':', &size) || (uint64_t)size >= state->size || state->data[size] != '\n')
        return false;
    counter->value = (struct bytes){state->data, (size_t)size};
    *state = (struct bytes){state->data + size + 1, state->size - (size_t)size - 1};
    counter->line = (struct bytes){start, (size_t)(state->data - start)};
    return true;
}

static void add_counter(struct buffer *out, const struct counter *counter)
{
    char text[NUMBER_TEXT];
    buffer_add(out, number_format_integer(counter->count, text));
    buffer_add_byte(out, ' ');
    buffer_add(out, number_format_integer(counter->excess, text));
    buffer_add_byte(out, ' ');
    buffer_add(out, number_format_integer((int64_t)counter->value.size, text));
    buffer_add_byte(out, ':');
    buffer_add(out, counter->value);
    buffer_add_byte(out, '\n');
}

bool op_total_topk(struct op *op, struct bytes state, struct bytes *emit)
{
    char text[NUMBER_TEXT];
    struct counter counter;
    op->emit.size = 0;
    buffer_add_byte(&op->emit, '[');
    for (int64_t i = 0; i < op->top && state.size > 0; i++) {
        if (!next_counter(&state, &counter))
            return false;
        buffer_add(&op->emit, bytes_of(i > 0 ? ",[" : "["));
        json_add_value(&op->emit, counter.value);
        buffer_add_byte(&op->emit, ',');
        buffer_add(&op->emit, number_format_integer(counter.count, text));
        buffer_add_byte(&op->emit, ']');
    }
    buffer_add_byte(&op->emit, ']');
    *emit = buffer_bytes(&op->emit);
    return true;
}

/* Sets *counter to the counter of value and *found to true, or else to the last counter and false. *counters becomes
 * the number of counters read. Returns false if the state is damaged. */
static bool find(struct bytes state, struct bytes value, struct counter *counter, int64_t *counters, bool *found)
{
    *found = false;
    for (*counters = 0; state.size > 0 && !*found; ++*counters) {
        if (!next_counter(&state, counter))
            return false;
        *found = bytes_equal(counter->value, value);
    }
    return true;
}

const char *op_apply_topk(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    const char *end = state.data != NULL ? state.data + state.size : "";
    struct counter old = {.line = {end, 0}}, each, changed = {.count = 1, .value = value};
    int64_t counters;
    bool found;
    if ((state.data != NULL && state.size == 0) || !find(state, value, &old, &counters, &found))
        return op_bad_state;
    if (found || counters == op->top * KEPT) {
        changed.count = old.count + 1;
        changed.excess = found ? old.excess : old.count;
    } else {
        old.line = (struct bytes){end, 0};
    }

    /* The changed counter goes behind all that have the same count. */
    struct bytes rest = state;
    while (rest.data != NULL && rest.data < old.line.data) {
        const struct bytes before = rest;
        if (!next_counter(&rest, &each))
            return op_bad_state;
        if (each.count < changed.count) {
            rest = before;
            break;
        }
    }
    struct buffer *next = op_next_state(op, state);
    const char *after = old.line.data + old.line.size;
    if (state.data != NULL)
        buffer_add(next, (struct bytes){state.data, (size_t)(rest.data - state.data)});
    add_counter(next, &changed);
    if (state.data != NULL) {
        buffer_add(next, (struct bytes){rest.data, (size_t)(old.line.data - rest.data)});
        buffer_add(next, (struct bytes){after, (size_t)(end - after)});
    }
    result->state = buffer_bytes(next);
    result->plain = true;
    return op_total_topk(op, result->state, &result->emit) ? NULL : op_bad_state;
}
