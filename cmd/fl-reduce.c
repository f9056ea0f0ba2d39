/* fl-reduce: keeps a state per key, and sends one result for each key when the input ends.
 *
 *     fl-reduce OP                  an operation
 *     fl-reduce -e STATE[,EMIT]     expressions for the new state, and for the result
 *     fl-reduce -q QUERY            a query whose last row is the new state
 *
 * Each record counts exactly once, whatever dies and however often; a run that has died is ended by the next one. The
 * results come in the order of the keys' bytes. Then the keys are forgotten, unless --keep is given. */
#include <stdlib.h>

#include "keyed.h"
#include "message.h"
#include "option.h"
#include "stage.h"
#include "transition.h"

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
    struct transition transition;
    bool keep;
};

static const char *take(void *context, struct stage *stage, const struct record *record, struct keyed_run *run)
{
    struct reduce *reduce = context;
    struct transition_result result;
    const char *why = transition_apply(&reduce->transition, stage, record, run->state, &result);
    if (why == NULL)
        keyed_set(run, result.first.state);
    return why;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    keyed_records(context, stage, records, count, take, NULL);
}

_Noreturn static void fail(const struct keyed_state *total, const char *why)
{
    struct buffer text = {0};
    message_quote(&text, total->state);
    buffer_print(&text, " %s (key ", why);
    message_quote(&text, total->key);
    buffer_print(&text, ")%c", '\0');
    message_fail(STATUS_DATA, "at the end: the state %s", text.data);
}

static void on_finish(void *context, struct stage *stage)
{
    struct reduce *reduce = context;
    size_t count;
    if (stage->recovers && !stage->final)
        return;
    struct keyed_state *totals = keyed_list(stage->state, &count);
    for (size_t i = 0; i < count; i++) {
        struct record sent = {.key = totals[i].key, .keyed = true};
        const char *why = transition_total(&reduce->transition, totals[i].key, totals[i].state, &sent.value);
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
    struct transition_options transition_options = {0};
    struct reduce reduce = {.keep = false};
    const struct option_entry options[] = {TRANSITION_OPTIONS(transition_options),
                                           {.name = "keep", .given = &reduce.keep},
                                           STAGE_OPTIONS(stage_options),
                                           STAGE_REJECT_OPTION(stage_options),
                                           STAGE_STEP_OPTION(stage_options),
                                           STAGE_ACCEPT_OPTION(stage_options),
                                           {0}};
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 1, NULL);
    transition_open(&reduce.transition, "reduce", TRANSITION_END, operands[0], &transition_options);
    const struct stage_program program = {.name = "reduce",
                                          .signature = reduce.transition.signature.data,
                                          .accepts = true,
                                          .records = on_records,
                                          .finish = on_finish};
    int status = stage_run(&program, &reduce, &stage_options);
    transition_close(&reduce.transition);
    return status;
}
