/* state_part: what the files of the state share; nobody else includes it.
 *
 * state.c is the table: slots and entries, looking up, changing, loading, letting go.
 * state_freeze.c freezes and thaws changes, and hands the frozen ones out.
 * state_sort.c brings the frozen changes into their order.
 *
 * Two threads use one struct state. The owner opened it and calls the functions of state.h. The reader calls
 * state_begin_changes and state_next_change, and only between the owner's state_freeze and state_thaw. A comment at
 * each part of struct state says who may touch it in that time; outside of it the owner may touch everything. */
#ifndef STATE_PART_H
#define STATE_PART_H

#include <stdatomic.h>

#include "state/slab.h"
#include "state/state.h"

enum {
    STATE_AHEAD = 16,    /* changes or slots between the one that is read and the one that is prefetched */
    STATE_HASH_BITS = 32 /* of a hash that a slot keeps */
};

static const uint32_t STATE_NONE = UINT32_MAX; /* the value_size of a discarded state */

/* A key and its state. The reader reads the entries that are frozen. The owner may read them too, and writes to one
 * only after the reader has passed it (struct state, read). */
struct state_entry {
    uint32_t key_size;
    uint32_t value_size; /* STATE_NONE: the key is discarded */
    uint32_t room;       /* bytes for the value */
    uint32_t place : 30; /* index in the list of the changes of its generation */
    uint32_t saved : 1;  /* it may have been saved before its generation */
    char data[];         /* the key, then the value */
};

struct state_slot {
    uint32_t hash;             /* the low half */
    uint32_t generation;       /* in which the entry last changed; 0: it is as it was loaded */
    struct state_entry *entry; /* NULL: the slot is free */
};

/* Entries in a growing list. */
struct state_entries {
    struct state_entry **at;
    size_t count, room;
};

/* Entries that changed, and the low halves of their keys' hashes: to fetch these from the entries would take longer
 * than the sort. */
struct state_changes {
    struct state_entry **at;
    uint32_t *hashes;
    size_t count, room;
};

/* A frozen change on its way through the sort. */
struct state_sorted {
    uint32_t hash;
    uint32_t index; /* in the list of changes */
};

/* How far the reader is. */
struct state_reading {
    struct state_sorted *sorted; /* all frozen changes; NULL: they are taken out of the slots instead */
    size_t *ends;                /* of the partitions in sorted */
    bool in_order;               /* sorted is one partition, in the order of the hashes throughout */
    size_t next, end;            /* in sorted, of the partition that was begun; or in cluster */
    struct state_slot *cluster;  /* the frozen changes of a run of slots without a free one between them, in order */
    size_t cluster_room;
    size_t at; /* the slot behind the cluster */
};

struct state {
    /* The owner's. The reader reads slots, mask, shift and generation if last_frozen is set, since nothing is found or
     * changed then. */
    struct state_loader loader;
    struct slab slab;         /* the memory of the entries */
    struct state_slot *slots; /* open addressing and linear probing, from the slot that the first bits of a hash name */
    size_t mask;              /* one less than the number of slots, a power of two */
    unsigned shift;           /* from a hash to a slot */
    size_t used;
    size_t memory;                 /* bytes of the entries and the slots */
    size_t limit;                  /* of memory; 0: none */
    size_t hand;                   /* the slot at which letting go continues */
    struct state_slot *last;       /* the result of the last state_find */
    bool saves;                    /* there is a loader, and so changes are frozen and saved */
    bool complete;                 /* every state that the loader has is in memory */
    uint64_t lookups;              /* calls of the loader's get */
    uint32_t generation;           /* of the changes made now; frozen ones are of the generation before */
    struct state_changes changed;  /* in this generation */
    bool discarded;                /* changed has a discarded key */
    struct state_entries replaced; /* frozen entries that are in no slot any more; state_thaw frees them */
    struct buffer joined;          /* a state and what is appended to it */

    /* Set by state_freeze and state_thaw; until then both threads read it. */
    bool frozen;
    bool last_frozen;             /* nothing is found or changed before state_thaw */
    struct state_changes written; /* the frozen changes */
    bool discarded_written;       /* written has a discarded key */

    /* The reader's. */
    struct state_reading reading;

    /* Written by the reader, read by the owner: frozen entries whose hashes are smaller are not needed any more. */
    _Atomic uint32_t read;
};

/* --- entries and slots -------------------------------------------------------------------------------------------- */

static inline struct bytes entry_key(const struct state_entry *entry)
{
    return (struct bytes){entry->data, entry->key_size};
}

static inline struct bytes entry_value(const struct state_entry *entry)
{
    if (entry->value_size == STATE_NONE)
        return (struct bytes){NULL, 0};
    return (struct bytes){entry->data + entry->key_size, entry->value_size};
}

/* An entry often lies in two lines of the cache. Always inline: gcc drops calls of a function that only prefetches. */
__attribute__((always_inline)) static inline void prefetch_entry(const struct state_entry *entry)
{
    __builtin_prefetch(entry);
    __builtin_prefetch((const void *)((uintptr_t)entry + sizeof *entry + SLAB_STEP)); /* entry may be NULL */
}

/* The slot at which probing for a key of this hash begins. */
static inline size_t home(const struct state *state, uint32_t hash)
{
    return hash >> state->shift;
}

/* The slot that holds the key, or the free slot where it belongs. */
static inline struct state_slot *place(const struct state *state, struct bytes key, uint64_t hash)
{
    size_t at = home(state, (uint32_t)hash);
    for (;;) {
        struct state_slot *slot = &state->slots[at];
        if (slot->entry == NULL || (slot->hash == (uint32_t)hash && bytes_equal(entry_key(slot->entry), key)))
            return slot;
        at = (at + 1) & state->mask;
    }
}

static inline bool is_changed(const struct state *state, const struct state_slot *slot)
{
    return slot->generation == state->generation;
}

static inline bool is_frozen(const struct state *state, const struct state_slot *slot)
{
    return state->frozen && slot->generation == state->generation - 1;
}

/* Frees an entry that is in no slot. For the owner. */
void state_free_entry(struct state *state, struct state_entry *entry);

/* Frees a slot and its entry, and closes the gap, which would end the probing for others too early: slots behind it may
 * move. For the owner. */
void state_free_slot(struct state *state, struct state_slot *slot);

/* --- the order of frozen changes, for the reader ------------------------------------------------------------------ */

/* Sorts the frozen changes by partition, hash and key, into reading.sorted and reading.ends. */
void state_sort(struct state *state, unsigned partitions);

/* Fills reading.cluster with the frozen changes of the next run of slots that are not free, sorted: every change of an
 * earlier run comes before them. A run that continues from the last slot into the first is split there: its entries
 * that belong to the last slots come at the end. Only if last_frozen is set. */
void state_take_cluster(struct state *state);

#endif
