/* fl-changes: passes on the records whose value differs from the value before it with the same key.
 *
 *     fl-changes
 *
 * The state of a key is its latest value. */
#include "stage/keyed.h"
#include "stage/stage.h"

static const char *take(void *context, struct stage *stage, const struct record *record, struct keyed_run *run)
{
    (void)context;
    if (run->state.data == NULL || !bytes_equal(run->state, record->value)) {
        stage_pass(stage, record, 1);
        keyed_set(run, record->value);
    }
    return NULL;
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    keyed_records(context, stage, records, count, take, NULL);
}

static const struct stage_program program = {
    .name = "changes",
    .forms = {{"", .refuses = true}},
    .keeps_state = true,
    .signature = "changes",
    .calls = {.records = on_records},
};

int main(int argc, char **argv)
{
    (void)argc;
    return stage_main(&program, NULL, argv);
}
