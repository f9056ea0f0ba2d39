/* state: key -> state of one step. Knows which keys changed in an epoch, and loads saved states on demand.
 *
 * Keys and states are bytes. A key that is not in memory is looked up through the loader; after many look-ups
 * everything is loaded in one scan. The table is slow if keys are put one by one in the order of their hashes; a loader
 * may hand them out in that order. Freezing sets apart what changed since the last freeze. Another thread reads the
 * frozen changes in the order of the hashes, while this one goes on changing states. A frozen state that changes is
 * left to the reader, and replaced. */
#ifndef STATE_H
#define STATE_H

#include <stdint.h>

#include "base/bytes.h"
#include "state/change.h"

struct state;
struct state_slot;

/* Where saved states come from. A state on which only state_each is called needs only each. */
struct state_loader {
    /* Returns the saved state of a key, data NULL if it has none. Valid until the next call. */
    struct bytes (*get)(void *from, struct bytes key, uint64_t hash);
    /* Calls call for each key that has a saved state, in any order. The views are valid during the call. */
    void (*each)(void *from, void (*call)(void *context, struct bytes key, struct bytes state), void *context);
    /* Returns about how many keys have a saved state; 0 only if no key has one. */
    uint64_t (*count)(void *from);
    void *from;
};

/* Makes an empty state; the loader is copied. loader is NULL if nothing is saved anywhere. The caller closes the state,
 * which frees everything. */
struct state *state_open(const struct state_loader *loader);
void state_close(struct state *state);

/* While the state takes more than so many bytes of memory, lets go of saved states that did not change since, in no
 * particular order. Changed states stay until they are saved. Does nothing without a loader. */
void state_limit(struct state *state, size_t bytes);

/* Prefetch what looking a key up will read: first the slot of the key; and, when that has had time to arrive, the key
 * and the state to which the slot points. */
void state_prefetch(const struct state *state, uint64_t hash);
void state_prefetch_entry(const struct state *state, uint64_t hash);

/* Returns the slot of a key, which is made if there is none. Valid until the next call of state_find, state_thaw or
 * state_close, and until the key is discarded. */
struct state_slot *state_find(struct state *state, struct bytes key, uint64_t hash);

/* Returns the state in a slot; data NULL if the key has none. Valid as long as the slot, and until its state changes.
 * */
struct bytes state_value(const struct state_slot *slot);

/* Sets the state in a slot; data NULL discards the key. value may be a part of the slot's present state. */
void state_set(struct state *state, struct state_slot *slot, struct bytes value);

/* Appends to the state in a slot, for states that change often and only grow: the bytes that are there are copied
 * seldom. */
void state_append(struct state *state, struct state_slot *slot, struct bytes more);

/* state_value and state_set by key, where speed does not matter. */
struct bytes state_get(struct state *state, struct bytes key);
void state_put(struct state *state, struct bytes key, struct bytes value);

/* Notes that a state of the key was saved in another way than through state_next_change. */
void state_note_saved(struct state *state, struct bytes key);

/* Calls call for each key that has a state, saved ones included, in no particular order. No state may change
 * meanwhile. */
void state_each(struct state *state, void (*call)(void *context, struct bytes key, struct bytes value), void *context);

/* Freezes what changed since the last freeze. Before the next freeze call state_thaw. If last is true, nothing is found
 * or changed any more before state_thaw. */
void state_freeze(struct state *state, bool last);

/* For the other thread: begins with the frozen changes of keys whose hash % partitions is partition, and returns how
 * many there are at most. partitions must not change before state_thaw. */
size_t state_begin_changes(struct state *state, unsigned partition, unsigned partitions);

/* For the other thread: sets *change to the next of these changes, in the order of the low halves of the hashes, and of
 * the keys if these are the same. Returns false after the last. The views are valid until CHANGE_KEPT more changes were
 * handed out, or until state_thaw: then the state may be overwritten. */
bool state_next_change(struct state *state, struct change *change);

/* Ends what state_freeze began, once the frozen changes are saved: they do not count as changes any more. The other
 * thread must have finished. */
void state_thaw(struct state *state);

#endif
