/* fl-statemap: keeps a state per key, and sends what each record makes of it.
 *
 *     fl-statemap OP                  an operation: each record is sent on with its key's new result as value
 *     fl-statemap -e STATE[,EMIT]     expressions for the new state, and for what is sent
 *     fl-statemap -q QUERY            a query with a row for each record to send, and the new state in the last
 *
 * Each record counts in its key's state exactly once, whatever dies and however often: the state is saved with the
 * epoch, and goes back to the last commit with everything else. The records of a key stay in order. */
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

enum { AHEAD = 32 }; /* records whose keys are hashed, and asked for, before the first of them is looked up */

struct statemap {
    struct transition transition;
    size_t memory; /* bytes that states may take; 0: no limit */
};

/* Hashes the keys, and asks for their states. The same key twice in a row is hashed once. */
static void look_ahead(struct stage *stage, const struct record *records, size_t count, uint64_t *hashes)
{
    size_t hashed = 0, places[AHEAD];
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && records[i].same_key)
            continue;
        hashes[i] = state_hash(records[i].key);
        state_prefetch(stage->state, hashes[i]);
        places[hashed++] = i;
    }
    for (size_t i = 0; hashed > 1 && i < hashed; i++)
        state_prefetch_entry(stage->state, hashes[places[i]]);
}

/* Records in a row with the same key: the state goes back into its slot after the last of them. */
struct run {
    struct state_slot *slot; /* NULL: none is at hand */
    struct bytes state;      /* in the slot, in the transition, or in a record */
    bool changed;
};

static void end_run(struct stage *stage, struct run *run)
{
    if (run->slot != NULL && run->changed)
        state_set(stage->state, run->slot, run->state);
    *run = (struct run){.slot = NULL};
}

static inline void send(struct stage *stage, const struct record *record, struct bytes value, bool plain)
{
    const struct record sent = {
        .key = record->key, .value = {value.data, value.size}, .keyed = true, .plain = record->plain && plain};
    if (value.data != NULL)
        stage_send(stage, &sent);
}

static void send_more(struct stage *stage, const struct record *record, const struct transition_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        send(stage, record, result->more[i * result->stride], false);
}

/* Compiled once for operations, which nothing of the expressions shall slow. */
static inline void on_record(struct statemap *map, struct stage *stage, const struct record *record, struct run *run,
                             bool operation)
{
    struct transition *transition = &map->transition;
    struct transition_result result;
    const char *why = operation
                          ? transition->op.apply(&transition->op, run->state, record->value, &result.first)
                          : transition_apply(transition, stage, record, run->state, &result);
    if (why != NULL) {
        end_run(stage, run);
        stage_refuse(stage, record, "%s", why);
        return;
    }
    send(stage, record, result.first.emit, result.first.plain);
    if (!operation)
        send_more(stage, record, &result);
    run->changed |= result.first.state.data != run->state.data;
    run->state.data = result.first.state.data;
    run->state.size = result.first.state.size;
}

static void on_begin(void *context, struct stage *stage)
{
    const struct statemap *map = context;
    if (map->memory > 0 && !stage->recovers)
        option_refuse("-m goes with recovery: give -r to a stage of the flow");
    state_limit(stage->state, map->memory);
}

static inline void take_records(struct statemap *map, struct stage *stage, const struct record *records, size_t count,
                                bool operation)
{
    uint64_t hashes[AHEAD];
    struct run run = {.slot = NULL};
    for (size_t done = 0; done < count; done += AHEAD) {
        size_t some = count - done < AHEAD ? count - done : AHEAD;
        uint64_t hash = 0;
        look_ahead(stage, records + done, some, hashes);
        for (size_t i = 0; i < some; i++) {
            const struct record *record = &records[done + i];
            if (!record->keyed) {
                end_run(stage, &run);
                stage_refuse(stage, record, "has no key: put fl-key before");
                continue;
            }
            if (i == 0 || !record->same_key) {
                end_run(stage, &run);
                hash = hashes[i];
            }
            if (run.slot == NULL) {
                run.slot = state_find(stage->state, record->key, hash);
                run.state = state_value(run.slot);
            }
            on_record(map, stage, record, &run, operation);
        }
    }
    end_run(stage, &run);
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    take_records(context, stage, records, count, true);
}

static void on_records_with_expressions(void *context, struct stage *stage, const struct record *records, size_t count)
{
    take_records(context, stage, records, count, false);
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
                                          .records = map.transition.op.apply != NULL ? on_records
                                                                                     : on_records_with_expressions};
    int status = stage_run(&program, &map, &stage_options);
    transition_close(&map.transition);
    return status;
}
