/* fl-reduce: keeps a state per key, and sends one result for each key when the input ends.
 *
 *     fl-reduce OP                  an operation
 *     fl-reduce -e STATE[,EMIT]     expressions for the new state, and for the result
 *     fl-reduce -q QUERY            a query whose last row is the new state
 *
 * Each record counts exactly once, whatever dies and however often; a run that has died is ended by the next one. The
 * results come in the order of the keys' bytes. Then the keys are forgotten, unless --keep is given. */
#include <stdlib.h>

#include "base/quote.h"
#include "stage/keyed.h"
#include "base/message.h"
#include "base/option.h"
#include "stage/stage.h"
#include "stage/fold.h"
#include "state/state_list.h"

static const char usage[] =
    "usage: fl-reduce [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [--reject FILE] [--accept] [--keep] OP\n"
    "       fl-reduce [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [--reject FILE] [--accept] [--keep]\n"
    "           -e STATE[,EMIT]\n"
    "       fl-reduce [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [--reject FILE] [--accept] [--keep]\n"
    "           -q QUERY\n"
    "\n"
    "  OP is sum, count, min, max, mean, var, stddev, ewma:ALPHA, distinct, topk:N,\n"
    "  histogram:WIDTH, first or last\n"
    "  -e, --expression STATE[,EMIT]  the new state, and the result at the end (the state if not given)\n"
    "  -q, --query QUERY              a SELECT of STATE, of which the last row is the new state\n"
    "      --keep                     go on with the states in the next run\n"
    STAGE_REJECT_USAGE STAGE_ACCEPT_USAGE STAGE_STEP_USAGE STAGE_USAGE;

struct reduce {
    struct fold fold;
    bool keep;
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
    quote_add(&text, total->state);
    buffer_print(&text, " %s (key ", why);
    quote_add(&text, total->key);
    buffer_print(&text, ")%c", '\0');
    message_fail(STATUS_DATA, "at the end: the state %s", text.data);
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

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    struct fold_options fold_options = {0};
    struct reduce reduce = {.keep = false};
    const struct option_entry options[] = {FOLD_OPTIONS(fold_options),
                                           {.name = "keep", .given = &reduce.keep},
                                           STAGE_OPTIONS(stage_options),
                                           STAGE_REJECT_OPTION(stage_options),
                                           STAGE_STEP_OPTION(stage_options),
                                           STAGE_ACCEPT_OPTION(stage_options),
                                           {0}};
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 1, NULL);
    fold_open(&reduce.fold, "reduce", FOLD_END, operands[0], &fold_options);
    const struct stage_program program = {.name = "reduce",
                                          .signature = reduce.fold.signature.data,
                                          .accepts = true,
                                          .records = on_records,
                                          .finish = on_finish};
    int status = stage_run(&program, &reduce, &stage_options);
    fold_close(&reduce.fold);
    return status;
}
