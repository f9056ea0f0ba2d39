/* fl-collect: gathers the values of each key into JSON arrays.
 *
 *     fl-collect [-n N] [-t SPAN]
 *
 * An array is sent when it has N values, when SPAN has passed since the first of them came, or when the input ends;
 * each value is in one of them exactly once. The state of a key is its values so far as JSON has them, a line each. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"
#include "state/deadlines.h"
#include "state/state_list.h"
#include "value/json.h"
#include "stage/keyed.h"
#include "base/option.h"
#include "base/span.h"
#include "stage/stage.h"

static const char usage[] =
    "usage: fl-collect [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [--reject FILE] [-n N] [-t SPAN]\n"
    "\n"
    "  -n, --count N                  send an array when it has N values\n"
    "  -t, --time SPAN                and when SPAN has passed since the first of them came\n"
    STAGE_REJECT_USAGE STAGE_STEP_USAGE STAGE_USAGE;

struct collect {
    size_t count;                /* of values in an array; 0: any */
    int64_t span;                /* 0: any */
    struct deadlines *deadlines; /* NULL: there is no span */
    struct buffer line;          /* a value on its way into a state */
    struct buffer array;
};

/* How many values a state has. */
static size_t count_values(struct bytes state)
{
    size_t count = state.data != NULL;
    for (size_t i = 0; i < state.size; i++)
        count += state.data[i] == '\n';
    return count;
}

/* Sends the array of a key: the values of its state, and those of line. */
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
}

static int64_t falls_due(const struct collect *collect)
{
    const int64_t now = clock_now();
    return collect->span < INT64_MAX - now ? now + collect->span : INT64_MAX - 1;
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
    const bool full = collect->count > 0 && count_values(state) + 1 >= collect->count;
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

/* What an earlier execution has left has its time from now on. */
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

static void read_options(struct collect *collect, const char *count, const char *span)
{
    char *end = NULL;
    errno = 0;
    const unsigned long number = count != NULL ? strtoul(count, &end, 10) : 1;
    if (count != NULL && (*count < '0' || *count > '9' || *end != '\0' || errno != 0 || number == 0))
        option_refuse("-n: \"%s\" is not a count from 1 on", count);
    collect->count = count != NULL ? number : 0;
    if (span != NULL && (!span_parse(span, &collect->span) || collect->span == 0))
        option_refuse("-t: \"%s\" is not a span of time above 0, such as 10, 0.5, 500ms, 30s, 5m, 1h or 2d", span);
    if (span != NULL)
        collect->deadlines = deadlines_open();
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    struct collect collect = {.count = 0};
    const char *count = NULL, *span = NULL;
    const struct option_entry options[] = {{.letter = 'n', .name = "count", .argument = &count},
                                           {.letter = 't', .name = "time", .argument = &span},
                                           STAGE_OPTIONS(stage_options),
                                           STAGE_REJECT_OPTION(stage_options),
                                           STAGE_STEP_OPTION(stage_options),
                                           {0}};
    option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 0, NULL);
    read_options(&collect, count, span);
    const struct stage_program program = {.name = "collect",
                                          .signature = "collect",
                                          .begin = on_begin,
                                          .records = on_records,
                                          .wake = on_wake,
                                          .finish = on_finish};
    int status = stage_run(&program, &collect, &stage_options);
    if (collect.deadlines != NULL)
        deadlines_close(collect.deadlines);
    buffer_free(&collect.line);
    buffer_free(&collect.array);
    return status;
}
