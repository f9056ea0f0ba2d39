/* fl-statemap: keeps a state per key, and sends what each record makes of it.
 *
 *     fl-statemap OP                  an operation: each record is sent on with its key's new result as value
 *     fl-statemap -e STATE[,EMIT]     expressions for the new state, and for what is sent
 *     fl-statemap -q QUERY            a query with a row for each record to send, and the new state in the last
 *
 * Each record counts in its key's state exactly once, whatever dies and however often: the state is saved with the
 * epoch, and goes back to the last commit with everything else. The records of a key stay in order. */
#include "keyed.h"
#include "option.h"
#include "size.h"
#include "stage.h"
#include "transition.h"

static const char usage[] =
    "usage: fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-m SIZE] [--reject FILE] [--accept] OP\n"
    "       fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-m SIZE] [--reject FILE] [--accept]\n"
    "       -e STATE[,EMIT]\n"
    "       fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-m SIZE] [--reject FILE] [--accept]\n"
    "       -q QUERY\n"
    "\n"
    "  OP is sum, count, min, max, mean, var, stddev, delta, ewma:ALPHA, distinct, topk:N,\n"
    "  histogram:WIDTH, first or last\n"
    "  -e, --expression STATE[,EMIT]  the new state, and what is sent (the new state if not given)\n"
    "  -q, --query QUERY              a SELECT of STATE, or STATE and EMIT: each row's EMIT is sent\n"
    "  -m, --memory SIZE              with recovery: keep no more states in memory than fit SIZE (500K, 64M, 2G)\n"
    STAGE_REJECT_USAGE STAGE_ACCEPT_USAGE STAGE_STEP_USAGE STAGE_USAGE;

struct statemap {
    struct transition transition;
    size_t memory; /* bytes that states may take; 0: no limit */
};

static inline void send(struct stage *stage, const struct record *record, struct bytes value, bool plain)
{
    const struct record sent = {
        .key = record->key, .value = {value.data, value.size}, .keyed = true, .plain = record->plain && plain};
    if (value.data != NULL)
        stage_send(stage, &sent);
}

static const char *take(void *context, struct stage *stage, const struct record *record, struct keyed_run *run)
{
    struct statemap *map = context;
    struct transition_result result;
    const char *why = transition_apply(&map->transition, stage, record, run->state, &result);
    if (why != NULL)
        return why;
    send(stage, record, result.first.emit, result.first.plain);
    for (size_t i = 0; i < result.count; i++)
        send(stage, record, result.more[i * result.stride], false);
    keyed_set(run, result.first.state);
    return NULL;
}

/* The same for operations, which nothing of the expressions shall slow. */
static const char *take_by_operation(void *context, struct stage *stage, const struct record *record,
                                     struct keyed_run *run)
{
    struct statemap *map = context;
    struct op_result result;
    const char *why = map->transition.op.apply(&map->transition.op, run->state, record->value, &result);
    if (why != NULL)
        return why; // cppcheck-suppress returnDanglingLifetime
    send(stage, record, result.emit, result.plain);
    keyed_set(run, result.state);
    return NULL;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    const struct statemap *map = context;
    if (map->transition.op.apply != NULL)
        keyed_records(context, stage, records, count, take_by_operation);
    else
        keyed_records(context, stage, records, count, take);
}

static void on_begin(void *context, struct stage *stage)
{
    const struct statemap *map = context;
    if (map->memory > 0 && !stage->recovers)
        option_refuse("-m goes with recovery: give -r to a stage of the flow");
    state_limit(stage->state, map->memory);
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    struct transition_options transition_options = {0};
    const char *memory = NULL;
    const struct option_entry options[] = {TRANSITION_OPTIONS(transition_options),
                                           {.letter = 'm', .name = "memory", .argument = &memory},
                                           STAGE_OPTIONS(stage_options),
                                           STAGE_REJECT_OPTION(stage_options),
                                           STAGE_STEP_OPTION(stage_options),
                                           STAGE_ACCEPT_OPTION(stage_options),
                                           {0}};
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 1, NULL);
    struct statemap map = {.memory = 0};
    transition_open(&map.transition, "statemap", TRANSITION_EACH, operands[0], &transition_options);
    if (memory != NULL && !size_parse(memory, &map.memory))
        option_refuse("-m: \"%s\" is not a size such as 500K, 64M or 2G", memory);
    const struct stage_program program = {.name = "statemap",
                                          .signature = map.transition.signature.data,
                                          .accepts = true,
                                          .begin = on_begin,
                                          .records = on_records};
    int status = stage_run(&program, &map, &stage_options);
    transition_close(&map.transition);
    return status;
}
