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
#include "stage.h"

static const char usage[] =
    "usage: fl-statemap [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] OP\n"
    "\n"
    "  OP is sum, count, min, max, mean, first or last\n"
    STAGE_USAGE;

enum { AHEAD = 64 }; /* records whose keys are asked for before the first of them is looked up */

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    const struct op *op = context;
    struct op_scratch scratch;
    uint64_t hashes[AHEAD];
    for (size_t i = 0; i < count; i++) {
        if (i % AHEAD == 0)
            for (size_t j = i; j < count && j < i + AHEAD; j++) {
                if (j > i && bytes_equal(records[j].key, records[j - 1].key)) {
                    hashes[j % AHEAD] = hashes[(j - 1) % AHEAD];
                    continue;
                }
                hashes[j % AHEAD] = state_hash(records[j].key);
                state_prefetch(stage->state, hashes[j % AHEAD]);
            }
        const struct record *record = &records[i];
        if (!record->keyed)
            stage_refuse(stage, record, "has no key: put fl-key before");
        struct state_slot *slot = state_find(stage->state, record->key, hashes[i % AHEAD]);
        struct bytes state = state_value(slot);
        struct op_result result;
        const char *why = op->apply(&scratch, state, record->value, &result);
        if (why != NULL)
            stage_refuse(stage, record, "%s", why);
        /* Sent first: the result may be a part of the state that is about to be replaced. */
        struct record sent = {.key = record->key, .value = result.emit, .keyed = true};
        sent.plain = record->plain && result.plain;
        stage_send(stage, &sent);
        if (result.state.data != state.data)
            state_set(stage->state, slot, result.state);
    }
}

static const struct op *read_op(const char *name)
{
    const struct op *op = op_find(name);
    struct buffer names = {0};
    if (op != NULL)
        return op;
    for (const struct op *each = op_table; each->name != NULL; each++)
        buffer_print(&names, "%s%s", each == op_table ? "" : each[1].name == NULL ? " and " : ", ", each->name);
    buffer_add_byte(&names, '\0');
    option_refuse("there is no operation \"%s\": there are %s", name, names.data);
}

int main(int argc, char **argv)
{
    (void)argc;
    message_start(argv[0]);
    struct stage_options stage_options = {0};
    const struct option_entry options[] = {STAGE_OPTIONS(stage_options), {0}};
    char **operands = option_parse(argv, usage, (const struct option_entry *[]){options, NULL}, 1, 1, NULL);
    const struct op *op = read_op(operands[0]);
    struct buffer signature = {0};
    buffer_print(&signature, "statemap %s", op->name);
    buffer_add_byte(&signature, '\0');
    const struct stage_program program = {.name = "statemap", .signature = signature.data, .records = on_records};
    int status = stage_run(&program, (void *)op, &stage_options);
    buffer_free(&signature);
    return status;
}
