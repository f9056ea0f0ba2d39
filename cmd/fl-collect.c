/* fl-collect: gathers the values of each key into JSON arrays.
 *
 *     fl-collect [-n N] [-t SPAN]
 *
 * An array is sent when it has N values, when SPAN has passed since the first of them came, or when the input ends;
 * each value is in one array exactly once. The state of a key is its values so far, as JSON has them, one a line. */
#include <stdlib.h>

#include "base/clock.h"
#include "stage/keyed.h"
#include "stage/stage.h"
#include "state/deadlines.h"
#include "state/state_list.h"
#include "value/json.h"

struct collect {
    uint64_t count; /* values of an array; 0: any number */
    struct option_span span;
    struct deadlines *deadlines; /* NULL: there is no span */
    struct state *counts;        /* with count: how many values each key has that was met, as a size_t */
    struct buffer line;          /* a value on its way into a state */
    struct buffer array;
};

static const struct option_entry options[] = {
    {'n', "count", OPTION_COUNT, "N", offsetof(struct collect, count), "send an array when it has N values"},
    {'t', "time", OPTION_POSITIVE_SPAN, "SPAN", offsetof(struct collect, span),
     "and when SPAN has passed since the first of them came"},
    {0},
};

/* Counts the values that a state has, which are its lines. */
static size_t count_lines(struct bytes state)
{
    size_t count = state.data != NULL;
    for (size_t i = 0; i < state.size; i++)
        count += state.data[i] == '\n';
    return count;
}

/* Returns how many values a key has with one more, and remembers it until the key is sent. They are counted in the
 * state only when a key that an earlier execution has left is met. */
static size_t count_one_more(struct collect *collect, struct bytes key, struct bytes state)
{
    const struct bytes known = state_get(collect->counts, key);
    size_t count;
    if (known.data != NULL)
        memcpy(&count, known.data, sizeof count);
    else
        count = count_lines(state);
    count++;
    state_put(collect->counts, key, (struct bytes){(const char *)&count, sizeof count});
    return count;
}

static void forget_count(struct collect *collect, struct bytes key)
{
    if (collect->counts != NULL)
        state_put(collect->counts, key, (struct bytes){NULL, 0});
}

/* Sends the array of a key: the values in its state, and those in line. */
static void send_array(struct collect *collect, struct stage *stage, struct bytes key, struct bytes state)
{
    struct buffer *array = &collect->array;
    array->size = 0;
    buffer_add_byte(array, '[');
    buffer_add(array, state);
    buffer_add(array, buffer_bytes(&collect->line));
    for (size_t i = 0; i < array->size; i++)
        if (array->data[i] == '\n')
            array->data[i] = ',';
    buffer_add_byte(array, ']');
    stage_send(stage, &(struct record){.key = key, .value = buffer_bytes(array), .keyed = true});
    forget_count(collect, key);
}

static int64_t falls_due(const struct collect *collect)
{
    const int64_t now = clock_now(), span = collect->span.nanoseconds;
    return span < INT64_MAX - now ? now + span : INT64_MAX - 1;
}

/* Asks to be woken for the first array that falls due. */
static void ask_to_wake(const struct collect *collect, struct stage *stage)
{
    struct bytes key;
    if (collect->deadlines != NULL)
        stage_wake(stage, deadlines_first(collect->deadlines, &key));
}

static const char *take(void *context, struct stage *stage, const struct record *record, struct keyed_run *run)
{
    struct collect *collect = context;
    const struct bytes state = run->state;
    if (!bytes_is_text(record->value))
        return "is not UTF-8 without NUL, which JSON is made of";
    collect->line.size = 0;
    if (state.data != NULL)
        buffer_add_byte(&collect->line, '\n');
    json_add_value(&collect->line, record->value);
    const bool full = collect->count > 0 && count_one_more(collect, record->key, state) >= collect->count;
    if (full)
        send_array(collect, stage, record->key, state);
    if (collect->deadlines != NULL && full)
        deadlines_remove(collect->deadlines, record->key);
    else if (collect->deadlines != NULL && state.data == NULL)
        deadlines_add(collect->deadlines, record->key, falls_due(collect));
    if (!full)
        state_append(stage->state, run->slot, buffer_bytes(&collect->line));
    else if (state.data != NULL)
        state_set(stage->state, run->slot, (struct bytes){NULL, 0});
    run->slot = NULL;
    return NULL;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    keyed_records(context, stage, records, count, take, NULL);
    ask_to_wake(context, stage);
}

/* Sends what a key has, and begins anew. */
static void end_array(struct collect *collect, struct stage *stage, struct bytes key, struct bytes state)
{
    collect->line.size = 0;
    send_array(collect, stage, key, state);
    state_put(stage->state, key, (struct bytes){NULL, 0});
}

static void on_wake(void *context, struct stage *stage)
{
    struct collect *collect = context;
    const int64_t now = clock_now();
    struct bytes key;
    while (deadlines_first(collect->deadlines, &key) <= now) {
        end_array(collect, stage, key, state_get(stage->state, key));
        deadlines_remove(collect->deadlines, key);
    }
    ask_to_wake(collect, stage);
}

/* The time of arrays that an earlier execution has left begins now. */
static void on_begin(void *context, struct stage *stage)
{
    struct collect *collect = context;
    size_t count;
    if (collect->deadlines == NULL)
        return;
    struct state_pair *left = state_list(stage->state, &count);
    for (size_t i = 0; i < count; i++)
        deadlines_add(collect->deadlines, left[i].key, falls_due(collect));
    free(left);
    ask_to_wake(collect, stage);
}

static void on_finish(void *context, struct stage *stage)
{
    size_t count;
    if (stage->recovers && !stage->final)
        return;
    struct state_pair *left = state_list(stage->state, &count);
    for (size_t i = 0; i < count; i++)
        end_array(context, stage, left[i].key, left[i].state);
    free(left);
    stage_wake(stage, INT64_MAX);
}

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct collect *collect = context;
    (void)stage;
    (void)operands;
    if (collect->span.given)
        collect->deadlines = deadlines_open();
    if (collect->count > 0)
        collect->counts = state_open(NULL);
}

static void on_close(void *context)
{
    struct collect *collect = context;
    if (collect->deadlines != NULL)
        deadlines_close(collect->deadlines);
    if (collect->counts != NULL)
        state_close(collect->counts);
    buffer_free(&collect->line);
    buffer_free(&collect->array);
}

static const struct stage_program program = {
    .name = "collect",
    .forms = {{"[-n N] [-t SPAN]", .refuses = true}},
    .options = {{options, 0}},
    .keeps_state = true,
    .signature = "collect",
    .open = on_open,
    .calls = {.begin = on_begin, .records = on_records, .wake = on_wake, .finish = on_finish},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct collect collect = {0};
    (void)argc;
    return stage_main(&program, &collect, argv);
}
