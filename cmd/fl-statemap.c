/* fl-statemap: keeps a state per key, and sends what each record makes of it.
 *
 *     fl-statemap OP                  an operation: each record is sent on with its key's new result as value
 *     fl-statemap -e STATE[,EMIT]     expressions for the new state, and for what is sent
 *     fl-statemap -q QUERY            a query with a row for each record to send, and the new state in the last
 *     fl-statemap -x CMD [ARG...]     a program that is asked for both, in JSON
 *
 * Each record counts in its key's state exactly once, whatever dies and however often: the state is saved with the
 * epoch, and goes back to the last commit with everything else. The records of a key stay in order. */
#include "exec/exec.h"
#include "exec/exec_state.h"
#include "stage/fold.h"
#include "stage/keyed.h"
#include "stage/stage.h"

struct statemap {
    struct fold fold;
    struct exec exec;
    struct exec_state states; /* of -x, instead of the fold */
    size_t memory;            /* bytes that states may take; 0: no limit */
};

static const struct option_entry options[] = {
    {'m', "memory", OPTION_SIZE, "SIZE", offsetof(struct statemap, memory),
     "with recovery: keep states in memory up to SIZE (500K, 64M, 2G)"},
    {0},
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

/* The same for operations, without what expressions need. */
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
    (void)context;
    return exec_state_request(stage, record, outstanding, line);
}

static const char *on_answer(void *context, struct stage *stage, const struct record *record, struct bytes line)
{
    struct statemap *map = context;
    return exec_state_answer(&map->states, stage, record, line);
}

static const struct exec_calls exec_calls = {.begin = on_begin, .request = on_request, .answer = on_answer};

/* With -x. */
static void open_exec(struct statemap *map, struct stage *stage)
{
    struct buffer signature = {0};
    buffer_print(&signature, "statemap -x");
    for (char **word = map->exec.command; *word != NULL; word++)
        buffer_print(&signature, " %s", *word);
    stage_sign(stage, buffer_string(&signature));
    buffer_free(&signature);
    exec_use(&map->exec, stage, &exec_calls, map);
}

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct statemap *map = context;
    const bool asks = exec_is_given(&map->exec);
    if (fold_ways(&map->fold, operands[0]) + asks != 1)
        option_refuse("give one operation, or -e, or -q, or -x");
    if (asks)
        open_exec(map, stage);
    else
        fold_open(&map->fold, stage, "statemap", FOLD_EACH, operands[0]);
}

static void on_close(void *context)
{
    struct statemap *map = context;
    fold_close(&map->fold);
    exec_close(&map->exec);
    exec_state_close(&map->states);
}

static const struct stage_program program = {
    .name = "statemap",
    .forms = {{"[-m SIZE] OP", .refuses = true},
              {"[-m SIZE] -e STATE[,EMIT]", .refuses = true},
              {"[-m SIZE] -q QUERY", .refuses = true},
              {"[-m SIZE] [--timeout SPAN] -x CMD [ARG...]", .refuses = true}},
    .about = "  OP is sum, count, min, max, mean, var, stddev, delta, ewma:ALPHA, distinct, topk:N,\n"
             "  histogram:WIDTH, first or last\n",
    .options = {{fold_each_options, offsetof(struct statemap, fold)},
                {options, 0},
                {exec_options, offsetof(struct statemap, exec)}},
    .most = 1,
    .keeps_state = true,
    .accepts = true,
    .open = on_open,
    .calls = {.begin = on_begin, .records = on_records},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct statemap map = {0};
    (void)argc;
    return stage_main(&program, &map, argv);
}
