/* keyed: the loop of a program that takes records into the states of their keys.
 *
 * Some keys are hashed and asked for before the first of them is looked up; and the state of records in a row with the
 * same key goes back into its slot after the last of them. It is inline, as a call for each record would be felt. */
#ifndef KEYED_H
#define KEYED_H

#include "stage/stage.h"

enum { KEYED_AHEAD = 32 }; /* records whose keys are asked for */

/* Records in a row with the same key. */
struct keyed_run {
    struct state_slot *slot; /* NULL: none is at hand */
    struct bytes state;      /* in the slot, or wherever who changed it has put it, to stay until the next record */
    bool changed;
};

/* Takes a record, which has a key, into run->state; or changes what is in run->slot itself, and makes that NULL.
 * Returns NULL, or why it cannot, as the end of a message that names the value; the state must be as it was then. */
typedef const char *keyed_take(void *context, struct stage *stage, const struct record *record, struct keyed_run *run);

/* The same for several together: the first of the records, and as many of those after it as it likes while they are
 * same_key. Returns how many it took; 0: the first of them has to be taken alone. */
typedef size_t keyed_take_run(void *context, struct stage *stage, const struct record *records, size_t count,
                              struct keyed_run *run);

/* Notes that the state is another one now, where its data is. */
static inline void keyed_set(struct keyed_run *run, struct bytes state)
{
    run->changed |= state.data != run->state.data;
    run->state.data = state.data;
    run->state.size = state.size;
}

static inline void keyed_end_run(struct stage *stage, struct keyed_run *run)
{
    if (run->slot != NULL && run->changed)
        state_set(stage->state, run->slot, run->state);
    *run = (struct keyed_run){.slot = NULL};
}

/* Ends the program (70): it folds records into states, and its table says that it keeps none. */
_Noreturn void keyed_fail(void);

/* Hashes the keys of up to KEYED_AHEAD records, and asks for their states. The same key twice in a row is hashed once.
 */
void keyed_look_ahead(const struct stage *stage, const struct record *records, size_t count, uint64_t *hashes);

/* For a program's records: takes each of them, several together where take_run is not NULL; those that have no key, or
 * that cannot be taken, are refused. */
__attribute__((always_inline)) static inline void keyed_records(void *context, struct stage *stage,
                                                                const struct record *records, size_t count,
                                                                keyed_take *take, keyed_take_run *take_run)
{
    uint64_t hashes[KEYED_AHEAD];
    struct keyed_run run = {.slot = NULL};
    if (stage->state == NULL)
        keyed_fail();
    for (size_t done = 0; done < count; done += KEYED_AHEAD) {
        const size_t some = count - done < KEYED_AHEAD ? count - done : KEYED_AHEAD;
        uint64_t hash = 0;
        keyed_look_ahead(stage, records + done, some, hashes);
        for (size_t i = 0; i < some; i++) {
            const struct record *record = &records[done + i];
            const char *why = "has no key: put fl-key before";
            if (record->keyed) {
                if (i == 0 || !record->same_key) {
                    keyed_end_run(stage, &run);
                    hash = hashes[i];
                }
                if (run.slot == NULL) {
                    run.slot = state_find(stage->state, record->key, hash);
                    run.state = state_value(run.slot);
                }
                if (take_run != NULL && i + 1 < some && record[1].same_key) {
                    const size_t taken = take_run(context, stage, record, some - i, &run);
                    if (taken > 0) {
                        i += taken - 1;
                        continue;
                    }
                }
                why = take(context, stage, record, &run);
            }
            if (why != NULL) {
                keyed_end_run(stage, &run);
                stage_refuse(stage, record, "%s", why);
            }
        }
    }
    keyed_end_run(stage, &run);
}

#endif
