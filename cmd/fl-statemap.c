/* fl-statemap: keeps a state per key, and sends what each record makes of it.
 *
 *     fl-statemap OP                  an operation: each record is sent on with its key's new result as value
 *     fl-statemap -e STATE[,EMIT]     expressions for the new state, and for what is sent
 *     fl-statemap -q QUERY            a query with a row for each record to send, and the new state in the last
 *     fl-statemap -x CMD [ARG...]     a program that is asked for both, in JSON
 *
 * Each record counts in its key's state exactly once, whatever dies and however often: the state is saved with the
 * epoch, and goes back to the last commit with everything else. The records of a key stay in order. */
#include "exec/exec_state.h"
#include "stage/keyed.h"
#include "exec/exec.h"
#include "base/option.h"
#include "base/size.h"
#include "stage/stage.h"
#include "stage/fold.h"

static const char usage[] =
    "usage: fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-m SIZE] [--reject FILE] [--accept] OP\n"
    "       fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-m SIZE] [--reject FILE] [--accept]\n"
    "           -e STATE[,EMIT]\n"
    "       fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-m SIZE] [--reject FILE] [--accept]\n"
    "           -q QUERY\n"
    "       fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-m SIZE] [--reject FILE] [--accept]\n"
    "           [--timeout SPAN] -x CMD [ARG...]\n"
    "\n"
    "  OP is sum, count, min, max, mean, var, stddev, delta, ewma:ALPHA, distinct, topk:N,\n"
    "  histogram:WIDTH, first or last\n"
    "  -e, --expression STATE[,EMIT]  the new state, and what is sent (the new state if not given)\n"
    "  -q, --query QUERY              a SELECT of STATE, or STATE and EMIT: each row's EMIT is sent\n"
    "  -m, --memory SIZE              with recovery: keep states in memory up to SIZE (500K, 64M, 2G)\n"
    EXEC_USAGE STAGE_REJECT_USAGE STAGE_ACCEPT_USAGE STAGE_STEP_USAGE STAGE_USAGE;

struct statemap {
    struct fold fold;
    struct exec_state exec; /* of -x, in the place of the fold */
    size_t memory;            /* bytes that states may take; 0: no limit */
};

static inline void send(struct stage *stage, const struct record *record, struct bytes value, bool plain)
{
    if (value.data != NULL)
        stage_send_value(stage, record, value, plain);
}

static const char *take(void *context, struct stage *stage, const struct record *record, struct keyed_run *run)
{
    struct statemap *map = context;
    struct fold_result result;
    const char *why = fold_apply(&map->fold, stage, record, run->state, &result);
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
    const char *why = map->fold.op.apply(&map->fold.op, run->state, record->value, &result);
    if (why != NULL)
        return why; // cppcheck-suppress returnDanglingLifetime
    send(stage, record, result.emit, result.plain);
    keyed_set(run, result.state);
    return NULL;
}

static size_t run_operation(void *context, struct stage *stage, const struct record *records, size_t count,
                            struct keyed_run *run)
{
    struct statemap *map = context;
    struct op *op = &map->fold.op;
    struct bytes state = run->state;
    if (op->kind->run == NULL)
        return 0;
    const size_t taken = op->kind->run(op, &state, records, count, &stage->out);
    stage->sent += taken;
    keyed_set(run, state);
    return taken;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    const struct statemap *map = context;
    if (map->fold.op.apply != NULL)
        keyed_records(context, stage, records, count, take_by_operation, run_operation);
    else
        keyed_records(context, stage, records, count, take, NULL);
}

static void on_begin(void *context, struct stage *stage)
{
    const struct statemap *map = context;
    if (map->memory > 0 && !stage->recovers)
        option_refuse("-m goes with recovery: give -r to a stage of the flow");
    state_limit(stage->state, map->memory);
}

static const char *on_request(void *context, struct stage *stage, const struct record *record, size_t outstanding,
                              struct buffer *line)
{
    struct statemap *map = context;
    return exec_state_request(&map->exec, stage, record, outstanding, line);
}

static const char *on_answer(void *context, struct stage *stage, const struct record *record, struct bytes line)
{
    struct statemap *map = context;
    return exec_state_answer(&map->exec, stage, record, line);
}

/* With -x: the program is asked. */
static int run_program(struct statemap *map, const struct exec_options *options,
                       const struct stage_options *stage_options)
{
    struct buffer signature = {0};
    buffer_print(&signature, "statemap -x");
    for (char **word = options->command; *word != NULL; word++)
        buffer_print(&signature, " %s", *word);
    buffer_add_byte(&signature, '\0');
    exec_state_open(&map->exec);
    const struct exec exec = {.name = "statemap",
                                  .signature = signature.data,
                                  .accepts = true,
                                  .begin = on_begin,
                                  .request = on_request,
                                  .answer = on_answer};
    int status = exec_run(&exec, map, options, stage_options);
    exec_state_close(&map->exec);
    buffer_free(&signature);
    return status;
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    struct fold_options fold_options = {0};
    struct exec_options exec_options = {0};
    const char *memory = NULL;
    const struct option_entry options[] = {FOLD_OPTIONS(fold_options),
                                           EXEC_OPTIONS(exec_options),
                                           {.letter = 'm', .name = "memory", .argument = &memory},
                                           STAGE_OPTIONS(stage_options),
                                           STAGE_REJECT_OPTION(stage_options),
                                           STAGE_STEP_OPTION(stage_options),
                                           STAGE_ACCEPT_OPTION(stage_options),
                                           {0}};
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 0, 1, NULL);
    struct statemap map = {.memory = 0};
    const bool program_given = exec_is_given(&exec_options);
    if ((operands[0] != NULL) + (fold_options.expression != NULL) + (fold_options.query != NULL) +
            program_given != 1)
        option_refuse("give one operation, or -e, or -q, or -x");
    if (memory != NULL && !size_parse(memory, &map.memory))
        option_refuse("-m: \"%s\" is not a size such as 500K, 64M or 2G", memory);
    if (program_given)
        return run_program(&map, &exec_options, &stage_options);
    fold_open(&map.fold, "statemap", FOLD_EACH, operands[0], &fold_options);
    const struct stage_program program = {.name = "statemap",
                                          .signature = map.fold.signature.data,
                                          .accepts = true,
                                          .begin = on_begin,
                                          .records = on_records};
    int status = stage_run(&program, &map, &stage_options);
    fold_close(&map.fold);
    return status;
}
