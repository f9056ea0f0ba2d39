/* state: key -> state of one step, what changed in the epoch, and loading on demand.
 *
 * Keys and states are bytes. A state that was never met is asked of the loader; after many questions everything is
 * loaded in one scan. To put keys in one by one in the order of their hashes is slow; a loader may give them so. What
 * changed since the last freeze can be frozen: it is then read, in the order of the hashes, by one other thread, while
 * this one goes on changing states; a frozen state that changes is left to the reader and replaced. */
#ifndef STATE_H
#define STATE_H

#include <stdint.h>

#include "base/bytes.h"
#include "state/change.h"

struct state;
struct state_slot;

/* Where states come from that are not in memory. For state_each alone, each is enough. */
struct state_loader {
    /* The saved state of a key, data NULL for none; valid until the next call. */
    struct bytes (*get)(void *from, struct bytes key, uint64_t hash);
    /* Calls for each key that has a saved state, in any order; the views are valid during the call. */
    void (*each)(void *from, void (*call)(void *context, struct bytes key, struct bytes state), void *context);
    /* About how many keys have a saved state; 0: none has. */
    uint64_t (*count)(void *from);
    void *from;
};

/* Makes an empty one; without a loader (NULL) nothing is saved anywhere. The loader is copied. */
struct state *state_open(const struct state_loader *loader);
void state_close(struct state *state);

/* Lets go of saved states that did not change since, in no order, while more than so many bytes are in use. What
 * changed stays until it is saved. Without a loader there is no limit. */
void state_limit(struct state *state, size_t bytes);

/* Ask the processor for the place of a key that will be looked up soon; and, once that may have come, for the key and
 * the state that lie there. */
void state_prefetch(const struct state *state, uint64_t hash);
void state_prefetch_entry(const struct state *state, uint64_t hash);

/* The slot of a key, made where there is none. Valid until the next call of state_find, state_thaw or state_close, and
 * until its key is discarded. */
struct state_slot *state_find(struct state *state, struct bytes key, uint64_t hash);

/* The state in a slot; data NULL: none. Valid until the slot's next change, or as long as the slot. */
struct bytes state_value(const struct state_slot *slot);

/* Changes it; data NULL discards the key. The bytes may be a part of the slot's own. */
void state_set(struct state *state, struct state_slot *slot, struct bytes value);

/* Appends to it, where it is one that changes often and only grows: what is there is copied seldom. */
void state_append(struct state *state, struct state_slot *slot, struct bytes more);

/* The three of them in one, for where speed is nothing. */
struct bytes state_get(struct state *state, struct bytes key);
void state_put(struct state *state, struct bytes key, struct bytes value);

/* Notes that a state of the key was saved that state_next_change has not given. */
void state_note_saved(struct state *state, struct bytes key);

/* Calls for each key that has a state, saved ones included, in no order. The state must not change meanwhile. */
void state_each(struct state *state, void (*call)(void *context, struct bytes key, struct bytes value), void *context);

/* Freezes what changed since the last freeze, which must have been thawed. last: nothing is found or changed any more
 * before state_thaw. */
void state_freeze(struct state *state, bool last);

/* For the other thread: begins with the changes of keys whose hash % partitions is partition, and returns how many
 * there are at most. partitions must be the same until state_thaw. */
size_t state_begin_changes(struct state *state, unsigned partition, unsigned partitions);

/* The next of them, in the order of the low halves of their hashes, and of their keys where these are the same; false
 * after the last. The views are valid until CHANGE_KEPT more were given, for then the state may change where it is, or
 * until state_thaw. */
bool state_next_change(struct state *state, struct change *change);

/* The frozen changes are saved: forgets that they were changes. */
void state_thaw(struct state *state);

#endif
