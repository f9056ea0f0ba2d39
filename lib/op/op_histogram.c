#include "op/op_part.h"

/* histogram: the number of values in each bucket, as a JSON object of the lower ends of the buckets, ascending, and
 * their counts. This text is both the state and the value that is sent. */
enum { BUCKETS_MOST = 1000 };

static const char too_many[] = "would begin bucket 1001 of its key, and there may be 1000: take a larger width";

/* The value's bucket in the state. */
struct place {
    struct bytes before, after; /* the text before the bucket and behind it */
    int64_t count;              /* of the bucket so far; 0: it is new */
};

/* Takes `"NUMBER":COUNT` and the byte behind it, a comma or the brace, from the front of *rest. Returns false if *rest
 * begins otherwise. */
static bool next_bucket(struct bytes *rest, struct number *low, int64_t *count)
{
    const char *quote = rest->size > 1 ? memchr(rest->data + 1, '"', rest->size - 1) : NULL;
    if (quote == NULL || rest->data[0] != '"' || rest->data + rest->size - quote < 4 || quote[1] != ':' ||
        number_parse((struct bytes){rest->data + 1, (size_t)(quote - rest->data - 1)}, low) != NUMBER_OK ||
        low->floating)
        return false;
    *rest = (struct bytes){quote + 2, (size_t)(rest->data + rest->size - quote - 2)};
    const char end = memchr(rest->data, ',', rest->size) != NULL ? ',' : '}';
    return op_take_count(rest, end, count);
}

/* Finds the place of the bucket whose lower end is low. Returns NULL, or why the value cannot be taken. */
static const char *find_place(struct bytes state, struct number low, struct place *place)
{
    int64_t buckets = 0, count;
    const char *const end = state.data + state.size, *before = NULL, *after = NULL;
    if (state.size < 2 || state.data[0] != '{')
        return op_bad_state;
    struct bytes rest = {state.data + 1, state.size - 1};
    for (; rest.size > 0; buckets++) {
        struct number each;
        const char *start = rest.data;
        if (!next_bucket(&rest, &each, &count))
            return op_bad_state;
        const int order = number_compare(each, low);
        if (order >= 0 && before == NULL)
            before = after = start;
        if (order == 0) {
            place->count = count;
            after = rest.data;
        }
    }
    if (before == NULL)
        before = after = end;
    place->before = (struct bytes){state.data, (size_t)(before - state.data)};
    place->after = (struct bytes){after, (size_t)(end - after)};
    return place->count == 0 && buckets >= BUCKETS_MOST ? too_many : NULL;
}

const char *op_apply_histogram(struct op *op, struct bytes state, struct bytes value, struct op_result *result)
{
    char text[NUMBER_TEXT];
    struct number number, low;
    struct place place = {.before = {"{", 1}, .count = 0};
    const char *why = op_parse_decimal(value, &number);
    if (why != NULL)
        return why;
    if (!number_floor(number, op->width, &low))
        return op_beyond;
    why = state.data != NULL ? find_place(state, low, &place) : NULL;
    if (why != NULL)
        return why;
    struct buffer *next = op_next_state(op, state);
    buffer_add(next, place.before);
    if (next->data[next->size - 1] == '}')
        next->data[next->size - 1] = ',';
    buffer_add_byte(next, '"');
    buffer_add(next, number_format(low, text));
    buffer_add(next, bytes_of("\":"));
    buffer_add(next, number_format_integer(place.count + 1, text));
    buffer_add_byte(next, place.after.size > 0 ? ',' : '}');
    buffer_add(next, place.after);
    result->state = result->emit = buffer_bytes(next);
    result->plain = true;
    return NULL;
}
