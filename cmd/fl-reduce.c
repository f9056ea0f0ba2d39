/* fl-reduce: keeps a state per key, and sends one result for each key when the input ends.
 *
 *     fl-reduce OP                  an operation
 *     fl-reduce -e STATE[,EMIT]     expressions for the new state, and for the result
 *     fl-reduce -q QUERY            a query whose last row is the new state
 *
 * Each record counts exactly once, whatever dies and however often; a run that has died is ended by the next one. The
 * results come in the order of the keys' bytes. Then the keys are forgotten, unless --keep is given. */
#include <stdlib.h>

#include "stage/fold.h"
#include "stage/keyed.h"
#include "stage/stage.h"
#include "state/state_list.h"

struct reduce {
    struct fold fold;
    bool keep;
};

static const struct option_entry options[] = {
    {'\0', "keep", OPTION_FLAG, NULL, offsetof(struct reduce, keep), "go on with the states in the next run"},
    {0},
};

static const char *take(void *context, struct stage *stage, const struct record *record, struct keyed_run *run)
{
    struct reduce *reduce = context;
    struct fold_result result;
    const char *why = fold_apply(&reduce->fold, stage, record, run->state, &result);
    if (why == NULL)
        keyed_set(run, result.first.state);
    return why;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    keyed_records(context, stage, records, count, take, NULL);
}

_Noreturn static void fail(const struct state_pair *total, const char *why)
{
    struct buffer text = {0};
    stage_add_reason(&text, total->state, why, total->key);
    message_fail(STATUS_DATA, "at the end: the state %s", buffer_string(&text));
}

static void on_finish(void *context, struct stage *stage)
{
    struct reduce *reduce = context;
    size_t count;
    if (stage->recovers && !stage->final)
        return;
    struct state_pair *totals = state_list(stage->state, &count);
    for (size_t i = 0; i < count; i++) {
        struct record sent = {.key = totals[i].key, .keyed = true};
        const char *why = fold_total(&reduce->fold, totals[i].key, totals[i].state, &sent.value);
        if (why != NULL)
            fail(&totals[i], why);
        if (sent.value.data != NULL)
            stage_send(stage, &sent);
    }
    for (size_t i = 0; i < count && !reduce->keep; i++)
        state_put(stage->state, totals[i].key, (struct bytes){NULL, 0});
    free(totals);
}

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct reduce *reduce = context;
    fold_open(&reduce->fold, stage, "reduce", FOLD_END, operands[0]);
}

static void on_close(void *context)
{
    fold_close(&((struct reduce *)context)->fold);
}

static const struct stage_program program = {
    .name = "reduce",
    .forms = {{"[--keep] OP", .refuses = true},
              {"[--keep] -e STATE[,EMIT]", .refuses = true},
              {"[--keep] -q QUERY", .refuses = true}},
    .about = "  OP is sum, count, min, max, mean, var, stddev, ewma:ALPHA, distinct, topk:N,\n"
             "  histogram:WIDTH, first or last\n",
    .options = {{fold_end_options, offsetof(struct reduce, fold)}, {options, 0}},
    .most = 1,
    .keeps_state = true,
    .accepts = true,
    .open = on_open,
    .calls = {.records = on_records, .finish = on_finish},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct reduce reduce = {0};
    (void)argc;
    return stage_main(&program, &reduce, argv);
}
