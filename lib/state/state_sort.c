#include <stdlib.h>

#include "base/array.h"
#include "base/hash.h"
#include "state/state_part.h"

enum { FEW = 64 }; /* changes: fewer are sorted at least as quickly by insertion alone */

/* Whether an entry with this hash comes before another one with that hash. */
static bool is_before(uint32_t hash, const struct state_entry *entry, uint32_t other_hash,
                      const struct state_entry *other)
{
    return hash != other_hash ? hash < other_hash : bytes_compare(entry_key(entry), entry_key(other)) < 0;
}

static void sort_by_insertion(const struct state *state, struct state_sorted *list, size_t count)
{
    struct state_entry *const *const at = state->written.at;
    for (size_t i = 1; i < count; i++) {
        const struct state_sorted moved = list[i];
        size_t to = i;
        for (; to > 0 && is_before(moved.hash, at[moved.index], list[to - 1].hash, at[list[to - 1].index]); to--)
            list[to] = list[to - 1];
        list[to] = moved;
    }
}

/* A radix sort by the first ROUNDS * BITS bits of the hashes. Each round sorts by BITS of them, the last bits first,
 * and keeps the order of the round before. Afterwards only neighbours are out of order, and few of them. */
static void sort_by_hash(struct state_sorted *list, size_t count)
{
    enum { BITS = 11, ROUNDS = 2, VALUES = 1 << BITS, SKIPPED = 32 - ROUNDS * BITS };
    size_t(*starts)[VALUES] = bytes_allocate(ROUNDS * sizeof *starts);
    struct state_sorted *from = list, *to = bytes_allocate(count * sizeof *to), *const spare = to;
    memset(starts, 0, ROUNDS * sizeof *starts);
    for (size_t i = 0; i < count; i++)
        for (unsigned round = 0; round < ROUNDS; round++)
            starts[round][list[i].hash >> (SKIPPED + round * BITS) & (VALUES - 1)]++;
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t *start = starts[round], sum = 0;
        for (size_t value = 0; value < VALUES; value++) {
            size_t some = start[value];
            start[value] = sum;
            sum += some;
        }
        for (size_t i = 0; i < count; i++)
            to[start[from[i].hash >> (SKIPPED + round * BITS) & (VALUES - 1)]++] = from[i];
        struct state_sorted *other = from;
        from = to;
        to = other;
    }
    if (from != list)
        memcpy(list, from, count * sizeof *list);
    free(spare);
    free(starts);
}

static void sort_partition(const struct state *state, struct state_sorted *list, size_t count)
{
    if (count >= FEW)
        sort_by_hash(list, count);
    sort_by_insertion(state, list, count);
}

/* Returns the partition of each change, in a list that the caller frees; NULL if there is only one partition. */
static unsigned *find_partitions(const struct state_changes *list, unsigned partitions)
{
    if (partitions == 1)
        return NULL;
    unsigned *found = bytes_allocate(list->count * sizeof *found);
    for (size_t i = 0; i < list->count; i++) {
        if (i + STATE_AHEAD < list->count)
            __builtin_prefetch(list->at[i + STATE_AHEAD]);
        found[i] = (unsigned)(hash_key(entry_key(list->at[i])) % partitions);
    }
    return found;
}

void state_sort(struct state *state, unsigned partitions)
{
    const struct state_changes *list = &state->written;
    unsigned *found = find_partitions(list, partitions);
    struct state_sorted *sorted = bytes_allocate(list->count * sizeof *sorted);
    size_t *ends = bytes_allocate((partitions + 1) * sizeof *ends);
    memset(ends, 0, (partitions + 1) * sizeof *ends);
    for (size_t i = 0; found != NULL && i < list->count; i++)
        ends[found[i] + 1]++;
    for (unsigned i = 1; i < partitions; i++)
        ends[i + 1] += ends[i];
    for (size_t i = 0; i < list->count; i++)
        sorted[ends[found != NULL ? found[i] : 0]++] = (struct state_sorted){list->hashes[i], (uint32_t)i};
    free(found);
    /* Filling moved the start of each partition to its end. */
    for (unsigned i = 0; i < partitions; i++) {
        size_t start = i > 0 ? ends[i - 1] : 0;
        sort_partition(state, sorted + start, ends[i] - start);
    }
    state->reading.sorted = sorted;
    state->reading.ends = ends;
}

void state_take_cluster(struct state *state)
{
    struct state_reading *reading = &state->reading;
    const size_t slots = state->mask + 1;
    size_t at = reading->at;
    reading->next = reading->end = 0;
    for (; at < slots && state->slots[at].entry == NULL; at++)
        prefetch_entry(state->slots[(at + 2 * STATE_AHEAD) & state->mask].entry);
    for (; state->slots[at & state->mask].entry != NULL; at++) {
        const struct state_slot slot = state->slots[at & state->mask];
        const bool moved_on = home(state, slot.hash) > (at & state->mask); /* from the last slots to the first */
        prefetch_entry(state->slots[(at + 2 * STATE_AHEAD) & state->mask].entry);
        if (!is_frozen(state, &slot) || moved_on != (at >= slots))
            continue;
        reading->cluster = array_grow(reading->cluster, reading->end, &reading->cluster_room, sizeof *reading->cluster);
        struct state_slot *to = reading->cluster + reading->end++;
        for (; to > reading->cluster && is_before(slot.hash, slot.entry, to[-1].hash, to[-1].entry); to--)
            *to = to[-1];
        *to = slot;
    }
    reading->at = at;
}
