#include <stdlib.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/message.h"
#include "state/state_part.h"

enum {
    SLOTS_LEAST = 64,
    LOOKUP_COST = 50, /* saved states that a scan reads in the time of one call of get */
    LOOKED_AT = 16,   /* slots, for each key that comes into memory while it takes more than the limit */
    ROOM_TO_GROW = 4, /* bytes behind a new state, which often is a number */
    CHANGES_MOST = INT32_MAX / 2
};

static void entries_add(struct state_entries *list, struct state_entry *entry)
{
    list->at = array_grow(list->at, list->count, &list->room, sizeof(struct state_entry *));
    list->at[list->count++] = entry;
}

static void changes_add(struct state_changes *list, struct state_entry *entry, uint32_t hash)
{
    if (list->count == list->room) {
        size_t room = list->room; /* of both lists */
        list->at = array_grow(list->at, list->count, &room, sizeof(struct state_entry *));
        list->hashes = array_grow(list->hashes, list->count, &list->room, sizeof *list->hashes);
    }
    list->at[list->count] = entry;
    list->hashes[list->count++] = hash;
}

static size_t entry_size(const struct state_entry *entry)
{
    return sizeof *entry + entry->key_size + entry->room;
}

void state_free_entry(struct state *state, struct state_entry *entry)
{
    size_t size = entry_size(entry);
    state->memory -= size;
    slab_give(&state->slab, entry, size);
}

/* room is how many bytes the value can grow to, at least. */
static struct state_entry *entry_new(struct state *state, struct bytes key, struct bytes value, size_t room)
{
    if (key.size >= STATE_NONE || value.size >= STATE_NONE / 2)
        message_fail(STATUS_DATA, "a key of %zu bytes with a state of %zu is larger than a state may be", key.size,
                     value.size);
    if (room < value.size)
        room = value.size;
    size_t size = slab_size(sizeof(struct state_entry) + key.size + room + ROOM_TO_GROW);
    struct state_entry *entry = slab_take(&state->slab, size);
    *entry = (struct state_entry){.key_size = (uint32_t)key.size, .value_size = STATE_NONE};
    entry->room = (uint32_t)(size - sizeof *entry - key.size);
    memcpy(entry->data, key.data, key.size);
    if (value.data != NULL) {
        memcpy(entry->data + key.size, value.data, value.size);
        entry->value_size = (uint32_t)value.size;
    }
    state->memory += size;
    return entry;
}

static void make_slots(struct state *state, size_t count)
{
    if (count > (uint64_t)1 << STATE_HASH_BITS)
        message_fail(STATUS_SYSTEM, "there are too many keys for one process: share them out between flows");
    struct state_slot *old = state->slots;
    size_t old_count = old != NULL ? state->mask + 1 : 0;
    state->slots = bytes_allocate(count * sizeof *state->slots);
    memset(state->slots, 0, count * sizeof *state->slots);
    state->mask = count - 1;
    state->shift = STATE_HASH_BITS - (unsigned)__builtin_ctzll(count);
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
    free(state->reading.sorted);
    free(state->reading.ends);
    free(state->reading.cluster);
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

void state_free_slot(struct state *state, struct state_slot *slot)
{
    state_free_entry(state, slot->entry);
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

/* Whether the reader has passed a frozen entry, so that it may change where it is. Never if a frozen key is discarded:
 * state_thaw looks through the frozen entries for such keys, and must find all entries as they were. */
static bool is_read(const struct state *state, const struct state_slot *slot)
{
    return !state->discarded_written && slot->hash < atomic_load_explicit(&state->read, memory_order_acquire);
}

/* Looks at a few slots, and frees those whose state is saved. */
static void let_go(struct state *state)
{
    for (int looked = 0; looked < LOOKED_AT && state->memory > state->limit; looked++) {
        struct state_slot *slot = &state->slots[state->hand & state->mask];
        if (slot->entry == NULL || is_changed(state, slot) || is_frozen(state, slot)) {
            state->hand++;
            continue;
        }
        state_free_slot(state, slot); /* which may have moved another one into its place: hand stays */
        state->complete = false;
    }
}

void state_limit(struct state *state, size_t bytes)
{
    if (state->saves)
        state->limit = bytes;
}

static struct state_slot *add(struct state *state, struct state_slot *slot, uint64_t hash, struct state_entry *entry)
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
    struct state_changes list; /* the entries, which are in no slot yet */
};

static void add_loaded(void *context, struct bytes key, struct bytes value)
{
    struct loading *loading = context;
    const uint64_t hash = hash_key(key);
    if (place(loading->state, key, hash)->entry != NULL)
        return;
    struct state_entry *entry = entry_new(loading->state, key, value, 0);
    entry->saved = true;
    changes_add(&loading->list, entry, (uint32_t)hash);
}

/* The slots are made before they are filled: saved keys come in the order of their hashes, and would fill the first
 * slots of a table that is still to grow, one behind the other. */
static void load_all(struct state *state)
{
    struct loading loading = {.state = state};
    if (state->complete)
        return;
    state->loader.each(state->loader.from, add_loaded, &loading);
    const struct state_changes *list = &loading.list;
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

/* The saved state of a key that is not in memory; data is NULL if it has none. */
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

/* A change for which it is not enough to overwrite the value. If the entry cannot stay, the new one has room for a
 * value of room bytes. */
static void set_anew(struct state *state, struct state_slot *slot, struct bytes value, size_t room)
{
    struct state_entry *entry = slot->entry;
    if (value.data == NULL && !state->saves) {
        state_free_slot(state, slot);
        return;
    }
    const bool fits = value.data != NULL && value.size <= entry->room;
    const bool changed = is_changed(state, slot), frozen = is_frozen(state, slot) && !(fits && is_read(state, slot));
    if (frozen || (value.data != NULL && !fits)) {
        struct state_entry *fresh = entry_new(state, entry_key(entry), value, room);
        fresh->place = entry->place;
        fresh->saved = entry->saved;
        if (changed && state->saves)
            state->changed.at[entry->place] = fresh;
        if (frozen)
            entries_add(&state->replaced, entry);
        else
            state_free_entry(state, entry);
        slot->entry = entry = fresh;
    } else if (value.data != NULL) {
        bytes_copy(entry->data + entry->key_size, value);
        entry->value_size = (uint32_t)value.size;
    } else {
        entry->value_size = STATE_NONE;
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
    struct state_entry *entry = slot->entry;
    if (!is_changed(state, slot) || value.data == NULL || value.size > entry->room) {
        set_anew(state, slot, value, 0);
        return;
    }
    bytes_copy(entry->data + entry->key_size, value);
    entry->value_size = (uint32_t)value.size;
}

void state_append(struct state *state, struct state_slot *slot, struct bytes more)
{
    struct state_entry *entry = slot->entry;
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
        if (state->slots[i].entry != NULL && state->slots[i].entry->value_size != STATE_NONE)
            call(context, entry_key(state->slots[i].entry), entry_value(state->slots[i].entry));
}
