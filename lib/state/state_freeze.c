#include <stdlib.h>

#include "base/hash.h"
#include "state/state_part.h"

enum {
    PUBLISHED = 64, /* changes between two times at which the owner is told how far the reader is */
    DENSE = 8       /* slots for each change: if there are no more, to look at all slots is faster than to sort */
};

/* After four thousand million epochs the generations are numbered from 1 again: those of before become 0. */
static void restart_generations(struct state *state)
{
    for (size_t i = 0; i <= state->mask; i++) {
        struct state_slot *slot = &state->slots[i];
        if (slot->entry == NULL || slot->generation == 0)
            continue;
        if (!is_changed(state, slot))
            slot->entry->saved = true;
        slot->generation = is_changed(state, slot) ? 1 : 0;
    }
    state->generation = 1;
}

void state_freeze(struct state *state, bool last)
{
    if (state->generation == UINT32_MAX)
        restart_generations(state);
    struct state_changes none = state->written;
    state->written = state->changed;
    state->changed = none;
    state->discarded_written = state->discarded;
    state->discarded = false;
    state->generation++;
    state->frozen = true;
    state->last_frozen = last;
    atomic_store_explicit(&state->read, 0, memory_order_relaxed);
}

size_t state_begin_changes(struct state *state, unsigned partition, unsigned partitions)
{
    struct state_reading *reading = &state->reading;
    if (state->last_frozen && partitions == 1 && state->written.count >= (state->mask + 1) / DENSE) {
        reading->next = reading->end = reading->at = 0;
        return state->written.count;
    }
    if (reading->sorted == NULL)
        state_sort(state, partitions);
    reading->next = partition > 0 ? reading->ends[partition - 1] : 0;
    reading->end = reading->ends[partition];
    reading->in_order = partitions == 1;
    return reading->end - reading->next;
}

/* The next of the sorted changes. Tells the owner now and then which changes nobody looks at any more. */
static struct state_slot next_sorted(struct state *state)
{
    const struct state_changes *list = &state->written;
    struct state_reading *reading = &state->reading;
    const struct state_sorted *next = &reading->sorted[reading->next];
    if (reading->next % PUBLISHED == 0 && reading->next >= CHANGE_KEPT && reading->in_order)
        atomic_store_explicit(&state->read, next[-CHANGE_KEPT].hash, memory_order_release);
    if (reading->next + 2 * STATE_AHEAD < list->count) {
        __builtin_prefetch(&list->at[next[2 * STATE_AHEAD].index]);
        prefetch_entry(list->at[next[STATE_AHEAD].index]);
    }
    reading->next++;
    return (struct state_slot){.hash = next->hash, .entry = list->at[next->index]};
}

bool state_next_change(struct state *state, struct change *change)
{
    struct state_reading *reading = &state->reading;
    for (;;) {
        while (reading->next == reading->end) {
            if (reading->sorted != NULL || reading->at > state->mask)
                return false;
            state_take_cluster(state);
        }
        const struct state_slot next = reading->sorted != NULL ? next_sorted(state) : reading->cluster[reading->next++];
        if (next.entry->value_size == STATE_NONE && !next.entry->saved)
            continue; /* it came and went within the epoch */
        *change = (struct change){entry_key(next.entry), entry_value(next.entry), next.hash, next.entry->saved};
        return true;
    }
}

void state_thaw(struct state *state)
{
    for (size_t i = 0; state->discarded_written && i < state->written.count; i++) {
        struct state_entry *entry = state->written.at[i];
        if (entry->value_size != STATE_NONE)
            continue;
        struct state_slot *slot = place(state, entry_key(entry), hash_key(entry_key(entry)));
        if (slot->entry == entry)
            state_free_slot(state, slot);
    }
    for (size_t i = 0; i < state->replaced.count; i++)
        state_free_entry(state, state->replaced.at[i]);
    state->written.count = state->replaced.count = 0;
    free(state->reading.sorted);
    free(state->reading.ends);
    state->reading.sorted = NULL;
    state->reading.ends = NULL;
    state->frozen = false;
}
