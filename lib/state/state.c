#include "state/state.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/message.h"
#include "state/slab.h"

enum {
    SLOTS_LEAST = 64,
    LOOKUP_COST = 50, /* saved states that a scan reads in the time of one look-up */
    LOOKED_AT = 16,   /* slots for each key that is new in memory while the limit is passed */
    ROOM_TO_GROW = 4, /* bytes at least of a new state, which often is a number */
    AHEAD = 16,       /* changes that are asked for before they are read */
    PUBLISHED = 64,   /* changes are read before it is said how far */
    FEW = 64,         /* so few are sorted as quickly by comparing them */
    DENSE = 8,        /* slots for each change, all of which are looked at sooner than the changes are sorted */
    HASH_BITS = 32,   /* of those in a slot */
    CHANGES_MOST = INT32_MAX / 2
};

static const uint32_t NONE = UINT32_MAX; /* the value_size of a discarded state */

/* A key and its state. One that is frozen is read by another thread, and not written until it is thawed. */
struct entry {
    uint32_t key_size;
    uint32_t value_size;
    uint32_t room;       /* of the value */
    uint32_t place : 30; /* in the list of changes of its generation */
    uint32_t saved : 1;  /* it may have been saved before its generation */
    char data[];         /* the key, then the value */
};

struct state_slot {
    uint32_t hash;       /* the low half */
    uint32_t generation; /* in which the entry last changed; 0: as it was loaded */
    struct entry *entry; /* NULL: the slot is free */
};

/* Entries in a growing list. */
struct entries {
    struct entry **at;
    size_t count;
    size_t room;
};

/* Entries that changed, and the low halves of their keys' hashes: to ask the entries for them would take longer than
 * the sort. */
struct changes {
    struct entry **at;
    uint32_t *hashes;
    size_t count;
    size_t room;
};

/* A frozen change on its way through the sort. */
struct sorted {
    uint32_t hash;
    uint32_t index; /* in the list of changes */
};

struct state {
    struct state_loader loader;
    struct slab slab;         /* of the entries */
    struct state_slot *slots; /* open addressing, linear probing, from the place that the first bits of a hash say */
    size_t mask;
    unsigned shift; /* what it takes from a hash to a slot */
    size_t used;
    size_t memory;           /* bytes of the entries and the slots */
    size_t limit;            /* of them; 0: none */
    size_t hand;             /* the slot from which clean entries go next */
    struct state_slot *last; /* what state_find gave last */
    bool saves;              /* there is a loader, and so someone who freezes */
    bool complete;           /* what the loader has is here */
    uint64_t lookups;
    uint32_t generation; /* that changes belong to now; the frozen one is the one before */
    bool frozen;
    bool last_frozen;        /* nothing changes before it is thawed */
    struct changes changed;  /* in this generation */
    struct changes written;  /* in the frozen one */
    struct entries replaced; /* frozen entries that are in no slot any more */
    bool discarded;          /* some of changed is a discarded key */
    bool discarded_written;  /* some of written is */
    struct buffer joined;    /* a state and what is appended to it */
    struct sorted *sorted;   /* the other thread's from here; NULL: the changes are taken out of the slots */
    size_t *ends;            /* of the partitions in it */
    bool in_order;           /* all of it: there is but one partition */
    _Atomic uint32_t read;   /* frozen entries with smaller hashes are not needed any more */
    size_t next;             /* change of the partition that was begun, or of the cluster */
    size_t end;
    size_t at; /* the slot after the cluster */
    struct state_slot *cluster;
    size_t cluster_room;
};

static void entries_add(struct entries *list, struct entry *entry)
{
    list->at = array_grow(list->at, list->count, &list->room, sizeof(struct entry *));
    list->at[list->count++] = entry;
}

static void changes_add(struct changes *list, struct entry *entry, uint32_t hash)
{
    if (list->count == list->room) {
        size_t room = list->room; /* of both lists */
        list->at = array_grow(list->at, list->count, &room, sizeof(struct entry *));
        list->hashes = array_grow(list->hashes, list->count, &list->room, sizeof *list->hashes);
    }
    list->at[list->count] = entry;
    list->hashes[list->count++] = hash;
}

static struct bytes entry_key(const struct entry *entry)
{
    return (struct bytes){entry->data, entry->key_size};
}

static struct bytes entry_value(const struct entry *entry)
{
    if (entry->value_size == NONE)
        return (struct bytes){NULL, 0};
    return (struct bytes){entry->data + entry->key_size, entry->value_size};
}

static size_t entry_size(const struct entry *entry)
{
    return sizeof *entry + entry->key_size + entry->room;
}

/* An entry often lies in two lines of the cache. Always inline: gcc leaves out calls of what does nothing else. */
__attribute__((always_inline)) static inline void prefetch_entry(const struct entry *entry)
{
    __builtin_prefetch(entry);
    __builtin_prefetch((const void *)((uintptr_t)entry + sizeof *entry + SLAB_STEP)); /* there may be none */
}

static void entry_free(struct state *state, struct entry *entry)
{
    size_t size = entry_size(entry);
    state->memory -= size;
    slab_give(&state->slab, entry, size);
}

/* With so much room for the value at least. */
static struct entry *entry_new(struct state *state, struct bytes key, struct bytes value, size_t room)
{
    if (key.size >= NONE || value.size >= NONE / 2)
        message_fail(STATUS_DATA, "a key of %zu bytes with a state of %zu is larger than a state may be", key.size,
                     value.size);
    size_t size = slab_size(sizeof(struct entry) + key.size + (room > value.size ? room : value.size) + ROOM_TO_GROW);
    struct entry *entry = slab_take(&state->slab, size);
    *entry = (struct entry){.key_size = (uint32_t)key.size, .value_size = NONE};
    entry->room = (uint32_t)(size - sizeof *entry - key.size);
    memcpy(entry->data, key.data, key.size);
    if (value.data != NULL) {
        memcpy(entry->data + key.size, value.data, value.size);
        entry->value_size = (uint32_t)value.size;
    }
    state->memory += size;
    return entry;
}

/* The slot where a key of that hash belongs. */
static size_t home(const struct state *state, uint32_t hash)
{
    return hash >> state->shift;
}

static void make_slots(struct state *state, size_t count)
{
    if (count > (uint64_t)1 << HASH_BITS)
        message_fail(STATUS_SYSTEM, "there are too many keys for one process: share them out between flows");
    struct state_slot *old = state->slots;
    size_t old_count = old != NULL ? state->mask + 1 : 0;
    state->slots = bytes_allocate(count * sizeof *state->slots);
    memset(state->slots, 0, count * sizeof *state->slots);
    state->mask = count - 1;
    state->shift = HASH_BITS - (unsigned)__builtin_ctzll(count);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].entry == NULL)
            continue;
        size_t at = home(state, old[i].hash);
        while (state->slots[at].entry != NULL)
            at = (at + 1) & state->mask;
        state->slots[at] = old[i];
    }
    free(old);
    state->memory += (count - old_count) * sizeof *state->slots;
    state->last = NULL;
}

struct state *state_open(const struct state_loader *loader)
{
    struct state *state = bytes_allocate(sizeof *state);
    *state = (struct state){.generation = 1, .saves = loader != NULL, .complete = loader == NULL};
    if (loader != NULL)
        state->loader = *loader;
    make_slots(state, SLOTS_LEAST);
    return state;
}

void state_close(struct state *state)
{
    slab_free(&state->slab);
    free(state->slots);
    free(state->changed.at);
    free(state->changed.hashes);
    free(state->written.at);
    free(state->written.hashes);
    free(state->replaced.at);
    buffer_free(&state->joined);
    free(state->sorted);
    free(state->ends);
    free(state->cluster);
    free(state);
}

void state_prefetch(const struct state *state, uint64_t hash)
{
    __builtin_prefetch(&state->slots[home(state, (uint32_t)hash)]);
}

void state_prefetch_entry(const struct state *state, uint64_t hash)
{
    for (size_t at = home(state, (uint32_t)hash);; at = (at + 1) & state->mask) {
        const struct state_slot *slot = &state->slots[at];
        if (slot->entry != NULL && slot->hash != (uint32_t)hash)
            continue;
        __builtin_prefetch(slot->entry);
        return;
    }
}

/* The slot that holds the key, or the free one where it belongs. */
static struct state_slot *place(const struct state *state, struct bytes key, uint64_t hash)
{
    size_t at = home(state, (uint32_t)hash);
    for (;;) {
        struct state_slot *slot = &state->slots[at];
        if (slot->entry == NULL || (slot->hash == (uint32_t)hash && bytes_equal(entry_key(slot->entry), key)))
            return slot;
        at = (at + 1) & state->mask;
    }
}

/* Takes the slot's entry out, and closes the gap that linear probing must not meet. */
static void remove_slot(struct state *state, struct state_slot *slot)
{
    entry_free(state, slot->entry);
    size_t gap = (size_t)(slot - state->slots);
    for (size_t at = (gap + 1) & state->mask; state->slots[at].entry != NULL; at = (at + 1) & state->mask) {
        const size_t from = home(state, state->slots[at].hash);
        if (((at - from) & state->mask) >= ((at - gap) & state->mask)) {
            state->slots[gap] = state->slots[at];
            gap = at;
        }
    }
    state->slots[gap] = (struct state_slot){0, 0, NULL};
    state->used--;
    state->last = NULL;
}

static bool is_changed(const struct state *state, const struct state_slot *slot)
{
    return slot->generation == state->generation;
}

static bool is_frozen(const struct state *state, const struct state_slot *slot)
{
    return state->frozen && slot->generation == state->generation - 1;
}

/* Whether a frozen entry was read, so that it may change where it is. Not where some were discarded: state_thaw looks
 * for these. */
static bool is_read(const struct state *state, const struct state_slot *slot)
{
    return !state->discarded_written && slot->hash < atomic_load_explicit(&state->read, memory_order_acquire);
}

/* Looks at a few slots, and lets go of what is clean. */
static void let_go(struct state *state)
{
    for (int looked = 0; looked < LOOKED_AT && state->memory > state->limit; looked++) {
        struct state_slot *slot = &state->slots[state->hand & state->mask];
        if (slot->entry == NULL || is_changed(state, slot) || is_frozen(state, slot)) {
            state->hand++;
            continue;
        }
        remove_slot(state, slot); /* which may have moved another one there */
        state->complete = false;
    }
}

void state_limit(struct state *state, size_t bytes)
{
    if (state->saves)
        state->limit = bytes;
}

static struct state_slot *add(struct state *state, struct state_slot *slot, uint64_t hash, struct entry *entry)
{
    if (state->used >= (state->mask + 1) / 4 * 3) {
        make_slots(state, 2 * (state->mask + 1));
        slot = place(state, entry_key(entry), hash);
    }
    state->used++;
    *slot = (struct state_slot){(uint32_t)hash, 0, entry};
    return slot;
}

struct loading {
    struct state *state;
    struct changes list; /* none of them is in a slot yet */
};

static void add_loaded(void *context, struct bytes key, struct bytes value)
{
    struct loading *loading = context;
    const uint64_t hash = hash_key(key);
    if (place(loading->state, key, hash)->entry != NULL)
        return;
    struct entry *entry = entry_new(loading->state, key, value, 0);
    entry->saved = true;
    changes_add(&loading->list, entry, (uint32_t)hash);
}

/* The slots are made first: what is saved comes in the order of its hashes, and so all of it would come to stand in the
 * first slots of a table that is still to grow. */
static void load_all(struct state *state)
{
    struct loading loading = {.state = state};
    if (state->complete)
        return;
    state->loader.each(state->loader.from, add_loaded, &loading);
    const struct changes *list = &loading.list;
    size_t slots = state->mask + 1;
    while (state->used + list->count > slots / 4 * 3)
        slots *= 2;
    if (slots > state->mask + 1)
        make_slots(state, slots);
    for (size_t i = 0; i < list->count; i++)
        add(state, place(state, entry_key(list->at[i]), list->hashes[i]), list->hashes[i], list->at[i]);
    free(list->at);
    free(list->hashes);
    state->complete = true;
}

/* A key that is not in memory: its saved state, data NULL where it has none. */
static struct bytes load(struct state *state, struct bytes key, uint64_t hash)
{
    if (!state->complete && state->lookups % 1024 == 0) {
        uint64_t count = state->loader.count(state->loader.from);
        if (count == 0)
            state->complete = true;
        else if (state->lookups > 0 && state->lookups * LOOKUP_COST >= count && state->limit == 0)
            load_all(state);
    }
    if (state->complete)
        return (struct bytes){NULL, 0};
    state->lookups++;
    return state->loader.get(state->loader.from, key, hash);
}

struct state_slot *state_find(struct state *state, struct bytes key, uint64_t hash)
{
    struct state_slot *last = state->last;
    if (last != NULL && last->hash == (uint32_t)hash && bytes_equal(entry_key(last->entry), key))
        return last;
    struct state_slot *slot = place(state, key, hash);
    if (slot->entry == NULL) {
        if (state->limit > 0)
            let_go(state);
        struct bytes saved = load(state, key, hash);
        slot = place(state, key, hash); /* loading may have moved it, or filled it */
        if (slot->entry == NULL) {
            slot = add(state, slot, hash, entry_new(state, key, saved, 0));
            slot->entry->saved = saved.data != NULL;
        }
    }
    state->last = slot;
    return slot;
}

struct bytes state_value(const struct state_slot *slot)
{
    return entry_value(slot->entry);
}

/* A change that needs more than new bytes in the place of the old; and room for so many, if they cannot stay. */
static void set_anew(struct state *state, struct state_slot *slot, struct bytes value, size_t room)
{
    struct entry *entry = slot->entry;
    if (value.data == NULL && !state->saves) {
        remove_slot(state, slot);
        return;
    }
    const bool fits = value.data != NULL && value.size <= entry->room;
    const bool changed = is_changed(state, slot), frozen = is_frozen(state, slot) && !(fits && is_read(state, slot));
    if (frozen || (value.data != NULL && !fits)) {
        struct entry *fresh = entry_new(state, entry_key(entry), value, room);
        fresh->place = entry->place;
        fresh->saved = entry->saved;
        if (changed && state->saves)
            state->changed.at[entry->place] = fresh;
        if (frozen)
            entries_add(&state->replaced, entry);
        else
            entry_free(state, entry);
        slot->entry = entry = fresh;
    } else if (value.data != NULL) {
        bytes_copy(entry->data + entry->key_size, value);
        entry->value_size = (uint32_t)value.size;
    } else {
        entry->value_size = NONE;
    }
    state->discarded |= value.data == NULL;
    if (changed)
        return;
    if (slot->generation != 0)
        entry->saved = true;
    slot->generation = state->generation;
    if (!state->saves)
        return;
    if (state->changed.count == CHANGES_MOST)
        message_fail(STATUS_SYSTEM, "more than %d keys changed in one epoch: take a shorter snapshot interval",
                     CHANGES_MOST);
    entry->place = state->changed.count & CHANGES_MOST;
    changes_add(&state->changed, entry, slot->hash);
}

void state_set(struct state *state, struct state_slot *slot, struct bytes value)
{
    struct entry *entry = slot->entry;
    if (!is_changed(state, slot) || value.data == NULL || value.size > entry->room) {
        set_anew(state, slot, value, 0);
        return;
    }
    bytes_copy(entry->data + entry->key_size, value);
    entry->value_size = (uint32_t)value.size;
}

void state_append(struct state *state, struct state_slot *slot, struct bytes more)
{
    struct entry *entry = slot->entry;
    const struct bytes before = entry_value(entry);
    if (is_changed(state, slot) && before.data != NULL && more.size <= entry->room - before.size) {
        bytes_copy(entry->data + entry->key_size + before.size, more);
        entry->value_size += (uint32_t)more.size;
        return;
    }
    state->joined.size = 0;
    buffer_reserve(&state->joined, 1);
    buffer_add(&state->joined, before);
    buffer_add(&state->joined, more);
    set_anew(state, slot, buffer_bytes(&state->joined), state->joined.size + state->joined.size / 2);
}

struct bytes state_get(struct state *state, struct bytes key)
{
    return state_value(state_find(state, key, hash_key(key)));
}

void state_put(struct state *state, struct bytes key, struct bytes value)
{
    state_set(state, state_find(state, key, hash_key(key)), value);
}

void state_note_saved(struct state *state, struct bytes key)
{
    state_find(state, key, hash_key(key))->entry->saved = true;
}

void state_each(struct state *state, void (*call)(void *context, struct bytes key, struct bytes value), void *context)
{
    load_all(state);
    for (size_t i = 0; i <= state->mask; i++)
        if (state->slots[i].entry != NULL && state->slots[i].entry->value_size != NONE)
            call(context, entry_key(state->slots[i].entry), entry_value(state->slots[i].entry));
}

/* After four thousand million epochs the numbers of the generations begin again. */
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
    struct changes none = state->written;
    state->written = state->changed;
    state->changed = none;
    state->discarded_written = state->discarded;
    state->discarded = false;
    state->generation++;
    state->frozen = true;
    state->last_frozen = last;
    atomic_store_explicit(&state->read, 0, memory_order_relaxed);
}

/* The order of two entries whose hashes are these. */
static bool is_before(uint32_t hash, const struct entry *entry, uint32_t other_hash, const struct entry *other)
{
    return hash != other_hash ? hash < other_hash : bytes_compare(entry_key(entry), entry_key(other)) < 0;
}

static void sort_by_insertion(const struct state *state, struct sorted *list, size_t count)
{
    struct entry *const *const at = state->written.at;
    for (size_t i = 1; i < count; i++) {
        const struct sorted moved = list[i];
        size_t to = i;
        for (; to > 0 && is_before(moved.hash, at[moved.index], list[to - 1].hash, at[list[to - 1].index]); to--)
            list[to] = list[to - 1];
        list[to] = moved;
    }
}

/* Sorts by the first bits of the hashes, some at a time, the last first, each time keeping the order that there was.
 * Then only neighbours are out of order, and few of them. */
static void sort_by_hash(struct sorted *list, size_t count)
{
    enum { BITS = 11, ROUNDS = 2, VALUES = 1 << BITS, SKIPPED = 32 - ROUNDS * BITS };
    size_t(*starts)[VALUES] = bytes_allocate(ROUNDS * sizeof *starts);
    struct sorted *from = list, *to = bytes_allocate(count * sizeof *to), *const spare = to;
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
        struct sorted *other = from;
        from = to;
        to = other;
    }
    if (from != list)
        memcpy(list, from, count * sizeof *list);
    free(spare);
    free(starts);
}

static void sort(const struct state *state, struct sorted *list, size_t count)
{
    if (count >= FEW)
        sort_by_hash(list, count);
    sort_by_insertion(state, list, count);
}

/* In which of several partitions each change is; NULL where there is but one. The caller frees it. */
static unsigned *find_partitions(const struct changes *list, unsigned partitions)
{
    if (partitions == 1)
        return NULL;
    unsigned *found = bytes_allocate(list->count * sizeof *found);
    for (size_t i = 0; i < list->count; i++) {
        if (i + AHEAD < list->count)
            __builtin_prefetch(list->at[i + AHEAD]);
        found[i] = (unsigned)(hash_key(entry_key(list->at[i])) % partitions);
    }
    return found;
}

/* Sorts the frozen changes by partition, hash and key. */
static void sort_changes(struct state *state, unsigned partitions)
{
    const struct changes *list = &state->written;
    unsigned *found = find_partitions(list, partitions);
    state->ends = bytes_allocate((partitions + 1) * sizeof *state->ends);
    memset(state->ends, 0, (partitions + 1) * sizeof *state->ends);
    state->sorted = bytes_allocate(list->count * sizeof *state->sorted);
    for (size_t i = 0; found != NULL && i < list->count; i++)
        state->ends[found[i] + 1]++;
    for (unsigned i = 1; i < partitions; i++)
        state->ends[i + 1] += state->ends[i];
    for (size_t i = 0; i < list->count; i++) {
        size_t at = state->ends[found != NULL ? found[i] : 0]++;
        state->sorted[at] = (struct sorted){list->hashes[i], (uint32_t)i};
    }
    free(found);
    /* Filling moved the start of each partition to its end. */
    for (unsigned i = 0; i < partitions; i++) {
        size_t start = i > 0 ? state->ends[i - 1] : 0;
        sort(state, state->sorted + start, state->ends[i] - start);
    }
}

/* Takes the frozen changes out of the next slots that are not free, in their order: all that was taken before is less.
 * What has moved on from the last slots to the first is taken in the end. */
static void take_cluster(struct state *state)
{
    const size_t slots = state->mask + 1;
    size_t at = state->at;
    state->next = state->end = 0;
    for (; at < slots && state->slots[at].entry == NULL; at++)
        prefetch_entry(state->slots[(at + 2 * AHEAD) & state->mask].entry);
    for (; state->slots[at & state->mask].entry != NULL; at++) {
        const struct state_slot slot = state->slots[at & state->mask];
        const bool moved_on = home(state, slot.hash) > (at & state->mask);
        prefetch_entry(state->slots[(at + 2 * AHEAD) & state->mask].entry);
        if (!is_frozen(state, &slot) || moved_on != (at >= slots))
            continue;
        state->cluster = array_grow(state->cluster, state->end, &state->cluster_room, sizeof *state->cluster);
        struct state_slot *to = state->cluster + state->end++;
        for (; to > state->cluster && is_before(slot.hash, slot.entry, to[-1].hash, to[-1].entry); to--)
            *to = to[-1];
        *to = slot;
    }
    state->at = at;
}

size_t state_begin_changes(struct state *state, unsigned partition, unsigned partitions)
{
    if (state->last_frozen && partitions == 1 && state->written.count >= (state->mask + 1) / DENSE) {
        state->next = state->end = state->at = 0;
        return state->written.count;
    }
    if (state->sorted == NULL)
        sort_changes(state, partitions);
    state->next = partition > 0 ? state->ends[partition - 1] : 0;
    state->end = state->ends[partition];
    state->in_order = partitions == 1;
    return state->end - state->next;
}

/* The next that was sorted. */
static struct state_slot next_sorted(struct state *state)
{
    const struct changes *list = &state->written;
    if (state->next % PUBLISHED == 0 && state->next >= CHANGE_KEPT && state->in_order)
        atomic_store_explicit(&state->read, state->sorted[state->next - CHANGE_KEPT].hash, memory_order_release);
    if (state->next + 2 * AHEAD < list->count) {
        __builtin_prefetch(&list->at[state->sorted[state->next + 2 * AHEAD].index]);
        prefetch_entry(list->at[state->sorted[state->next + AHEAD].index]);
    }
    const struct sorted *next = &state->sorted[state->next++];
    return (struct state_slot){.hash = next->hash, .entry = list->at[next->index]};
}

bool state_next_change(struct state *state, struct change *change)
{
    for (;;) {
        while (state->next == state->end) {
            if (state->sorted != NULL || state->at > state->mask)
                return false;
            take_cluster(state);
        }
        const struct state_slot next = state->sorted != NULL ? next_sorted(state) : state->cluster[state->next++];
        if (next.entry->value_size == NONE && !next.entry->saved)
            continue;
        *change = (struct change){entry_key(next.entry), entry_value(next.entry), next.hash, next.entry->saved};
        return true;
    }
}

void state_thaw(struct state *state)
{
    for (size_t i = 0; state->discarded_written && i < state->written.count; i++) {
        struct entry *entry = state->written.at[i];
        if (entry->value_size != NONE)
            continue;
        struct state_slot *slot = place(state, entry_key(entry), hash_key(entry_key(entry)));
        if (slot->entry == entry)
            remove_slot(state, slot);
    }
    for (size_t i = 0; i < state->replaced.count; i++)
        entry_free(state, state->replaced.at[i]);
    state->written.count = state->replaced.count = 0;
    free(state->sorted);
    free(state->ends);
    state->sorted = NULL;
    state->ends = NULL;
    state->frozen = false;
}
