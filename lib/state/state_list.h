/* state_list: all keys that have a state, in order. */
#ifndef STATE_LIST_H
#define STATE_LIST_H

#include "base/bytes.h"
#include "state/state.h"

/* A key and its state. */
struct state_pair {
    struct bytes key, state;
};

/* Returns all keys that have a state, in the order of their bytes, and sets *count to their number. The caller frees
 * the list. The state views are valid until a state changes, each key until it is discarded. */
struct state_pair *state_list(struct state *state, size_t *count);

#endif
