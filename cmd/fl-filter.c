/* fl-filter: sends on the records for which a condition is true.
 *
 *     fl-filter [-v] [--strict] -e EXPR           the condition is an expression
 *     fl-filter [-v] -x CMD [ARG...]              a program answers each value with true or false
 *     fl-filter [-v] --per-epoch -x CMD [ARG...]  a filter lets through some of the values of an epoch
 *
 * They go through byte for byte, and in their order. */
#include "exec/exec.h"
#include "expr/expr.h"
#include "stage/stage.h"

struct filter {
    const char *expression; /* as it was given; NULL: the co-process decides */
    struct exec exec;
    bool invert, strict;
    struct expr *condition;

    /* Per epoch: the records for which a line may still come out, each a struct record with its key and value behind
     * it. */
    struct buffer waiting;
    size_t first; /* the place of the first of them */
};

static const struct option_entry options[] = {
    {'e', "expression", OPTION_PHRASE, "EXPR", offsetof(struct filter, expression),
     "keep the records for which this is true, of key, value and source"},
    {'v', "invert", OPTION_FLAG, NULL, offsetof(struct filter, invert),
     "keep the others: for which it is false, or NULL"},
    {'\0', "strict", OPTION_FLAG, NULL, offsetof(struct filter, strict),
     "a record for which it is NULL is a bad record"},
    {0},
};

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    const struct filter *filter = context;
    size_t first = 0; /* of the records to keep that are not yet sent */
    for (size_t i = 0; i < count; i++) {
        const struct expr_input input = expr_input_of(&records[i], stage_source(stage));
        struct expr_result result;
        const enum expr_answer answer = expr_evaluate(filter->condition, &input, &result);
        const bool bad = answer == EXPR_BAD || (answer == EXPR_NULL && filter->strict);
        if (answer == EXPR_NULL && !bad)
            stage_omit(stage, STAGE_NULL);
        if (!bad && (answer == EXPR_TRUE) != filter->invert)
            continue;
        stage_pass(stage, records + first, i - first);
        first = i + 1;
        if (bad)
            stage_refuse(stage, &records[i], "%s",
                         answer == EXPR_BAD ? result.why : "makes -e NULL, which --strict refuses");
    }
    stage_pass(stage, records + first, count - first);
}

static void wait_for(struct filter *filter, const struct record *record)
{
    if (filter->first > filter->waiting.size / 2) {
        filter->waiting.size -= filter->first;
        memmove(filter->waiting.data, filter->waiting.data + filter->first, filter->waiting.size);
        filter->first = 0;
    }
    buffer_add(&filter->waiting, (struct bytes){(const char *)record, sizeof *record});
    buffer_add(&filter->waiting, record->key);
    buffer_add(&filter->waiting, record->value);
}

/* Takes the first of the waiting records. Returns false if there is none. */
static bool next_waiting(struct filter *filter, struct record *record)
{
    const char *at = filter->waiting.data + filter->first;
    if (filter->first == filter->waiting.size)
        return false;
    memcpy(record, at, sizeof *record);
    record->key.data = at + sizeof *record;
    record->value.data = record->key.data + record->key.size;
    filter->first += sizeof *record + record->key.size + record->value.size;
    return true;
}

static const char *on_request(void *context, struct stage *stage, const struct record *record, size_t outstanding,
                              struct buffer *line)
{
    const char *why = exec_request_value(context, stage, record, outstanding, line);
    if (why == NULL)
        wait_for(context, record);
    return why;
}

static const char *on_line(void *context, struct stage *stage, const struct record *none, struct bytes line)
{
    (void)none;
    struct filter *filter = context;
    struct record record;
    while (next_waiting(filter, &record)) {
        const bool out = bytes_equal(record.value, line);
        if (out != filter->invert)
            stage_send(stage, &record);
        if (out)
            return NULL;
    }
    return "is not one of the lines that it was given, or is out of their order";
}

static void on_complete(void *context, struct stage *stage)
{
    struct filter *filter = context;
    struct record record;
    while (next_waiting(filter, &record))
        if (filter->invert)
            stage_send(stage, &record);
    filter->waiting.size = filter->first = 0;
}

static const char *on_answer(void *context, struct stage *stage, const struct record *record, struct bytes line)
{
    static const char *const answers[] = {"0", "1", "false", "true", "False", "True"};
    const struct filter *filter = context;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (!bytes_equal(line, bytes_of(answers[i])))
            continue;
        if ((i % 2 == 1) != filter->invert)
            stage_pass(stage, record, 1);
        return NULL;
    }
    return "is neither true nor false (1, true, True, 0, false and False are)";
}

static const struct exec_calls in_step = {.request = exec_request_value, .answer = on_answer};
static const struct exec_calls per_epoch = {.request = on_request, .answer = on_line, .complete = on_complete};

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct filter *filter = context;
    (void)operands;
    const bool asks = exec_is_given(&filter->exec);
    if (filter->expression == NULL && !asks)
        option_refuse("give a condition with -e, or a program with -x");
    if (filter->expression != NULL && asks)
        option_refuse("-e and -x contradict each other");
    if (filter->strict && asks)
        option_refuse("--strict goes with -e");
    if (asks)
        exec_use(&filter->exec, stage, filter->exec.per_epoch ? &per_epoch : &in_step, filter);
    else
        filter->condition = expr_open("-e", filter->expression, EXPR_CONDITION, EXPR_RECORD, NULL);
}

static void on_close(void *context)
{
    struct filter *filter = context;
    exec_close(&filter->exec);
    expr_close(filter->condition);
    buffer_free(&filter->waiting);
}

static const struct stage_program program = {
    .name = "filter",
    .forms = {{"[-v] [--strict] -e EXPR", .refuses = true},
              {"[-v] [--timeout SPAN] [--per-epoch] -x CMD [ARG...]", .refuses = true}},
    .options = {{options, 0},
                {exec_options, offsetof(struct filter, exec)},
                {exec_epoch_options, offsetof(struct filter, exec)}},
    .open = on_open,
    .calls = {.records = on_records},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct filter filter = {0};
    (void)argc;
    return stage_main(&program, &filter, argv);
}
