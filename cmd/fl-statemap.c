/* fl-statemap: keeps a state per key, and sends each record on with its key's new result as value.
 *
 *     fl-statemap OP
 *
 * Each record counts in its key's state exactly once, whatever dies and however often: the state is saved with the
 * epoch, and goes back to the last commit with everything else. The records of a key stay in order. */
#include <stdlib.h>

#include "message.h"
#include "op.h"
#include "option.h"
#include "size.h"
#include "stage.h"

static const char usage[] =
    "usage: fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [-m SIZE] [--reject FILE] OP\n"
    "\n"
    "  OP is sum, count, min, max, mean, var, stddev, delta, ewma:ALPHA, distinct, topk:N,\n"
    "  histogram:WIDTH, first or last\n"
    "  -m, --memory SIZE              with recovery: keep no more states in memory than fit SIZE (500K, 64M, 2G)\n"
    STAGE_REJECT_USAGE STAGE_STEP_USAGE STAGE_USAGE;

enum { AHEAD = 32 }; /* records whose keys are hashed, and asked for, before the first of them is looked up */

struct statemap {
    struct op op;
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
    struct bytes state;      /* in the slot, in the scratch, or in a record */
    bool changed;
};

static void end_run(struct stage *stage, struct run *run)
{
    if (run->slot != NULL && run->changed)
        state_set(stage->state, run->slot, run->state);
    *run = (struct run){.slot = NULL};
}

static void on_record(struct statemap *map, struct stage *stage, const struct record *record, struct run *run)
{
    struct op_result result;
    const char *why = map->op.apply(&map->op, run->state, record->value, &result);
    if (why != NULL) {
        end_run(stage, run);
        stage_refuse(stage, record, "%s", why);
        return;
    }
    if (result.emit.data != NULL) {
        const struct record sent = {.key = record->key,
                                    .value = {result.emit.data, result.emit.size},
                                    .keyed = true,
                                    .plain = record->plain && result.plain};
        stage_send(stage, &sent);
    }
    run->changed |= result.state.data != run->state.data;
    run->state.data = result.state.data;
    run->state.size = result.state.size;
}

static void on_begin(void *context, struct stage *stage)
{
    const struct statemap *map = context;
    if (map->memory > 0 && !stage->recovers)
        option_refuse("-m goes with recovery: give -r to a stage of the flow");
    state_limit(stage->state, map->memory);
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
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
            on_record(context, stage, record, &run);
        }
    }
    end_run(stage, &run);
}

int main(int argc, char **argv)
{
    (void)argc;
    stage_start(argv[0]);
    struct stage_options stage_options = {0};
    const char *memory = NULL;
    const struct option_entry options[] = {{.letter = 'm', .name = "memory", .argument = &memory},
                                           STAGE_OPTIONS(stage_options), STAGE_REJECT_OPTION(stage_options),
                                           STAGE_STEP_OPTION(stage_options), {0}};
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 1, 1, NULL);
    struct statemap map = {.memory = 0};
    struct buffer text = {0};
    if (!op_open(&map.op, operands[0], &text))
        option_refuse("%s", text.data);
    if (memory != NULL && !size_parse(memory, &map.memory))
        option_refuse("-m: \"%s\" is not a size such as 500K, 64M or 2G", memory);
    buffer_print(&text, "statemap %s", map.op.name);
    buffer_add_byte(&text, '\0');
    const struct stage_program program = {
        .name = "statemap", .signature = text.data, .begin = on_begin, .records = on_records};
    int status = stage_run(&program, &map, &stage_options);
    buffer_free(&text);
    op_close(&map.op);
    return status;
}
