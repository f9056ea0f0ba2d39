/* keyed: the loop of a program that folds records into the states of their keys.
 *
 * Several keys are hashed and prefetched before the first of them is looked up. Records in a row with the same key
 * share one look-up, and their state goes back into its slot after the last of them. The loop is inline, since a call
 * for each record would cost too much. */
#ifndef KEYED_H
#define KEYED_H

#include "stage/stage.h"

enum { KEYED_AHEAD = 32 }; /* records whose keys are prefetched together */

/* Records in a row with the same key. */
struct keyed_run {
    struct state_slot *slot; /* of the key; NULL: it must be looked up again */
    struct bytes state;      /* in the slot, or, if changed, elsewhere: valid until the next record is folded */
    bool changed;
};

/* Folds a record, which has a key, into run->state (keyed_set); or changes the state in run->slot itself, and sets
 * run->slot to NULL. Returns NULL, or why the record is a bad one, as the end of a message that names the value; the
 * state must then be unchanged. */
typedef const char *keyed_take(void *context, struct stage *stage, const struct record *record, struct keyed_run *run);

/* Folds several records together: the first one, and any number of those after it while they are same_key. Returns how
 * many were folded; 0 if the first one must be folded alone. */
typedef size_t keyed_take_run(void *context, struct stage *stage, const struct record *records, size_t count,
                              struct keyed_run *run);

/* Sets the new state of the run. */
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

/* Hashes the keys of up to KEYED_AHEAD records, and prefetches their states. A key that comes twice in a row is hashed
 * once. */
void keyed_look_ahead(const struct stage *stage, const struct record *records, size_t count, uint64_t *hashes);

/* For a program's records: folds each of them by take, or, if take_run is not NULL, several together. Records that have
 * no key, and those that take does not accept, are refused. */
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
