#include "stage/keyed.h"

#include "base/hash.h"

void keyed_fail(void)
{
    message_fail(STATUS_INTERNAL, "the program folds records into states, and does not say that it keeps a state");
}

void keyed_look_ahead(const struct stage *stage, const struct record *records, size_t count, uint64_t *hashes)
{
    size_t hashed = 0, places[KEYED_AHEAD];
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && records[i].same_key)
            continue;
        hashes[i] = hash_key(records[i].key);
        state_prefetch(stage->state, hashes[i]);
        places[hashed++] = i;
    }
    for (size_t i = 0; hashed > 1 && i < hashed; i++)
        state_prefetch_entry(stage->state, hashes[places[i]]);
}
