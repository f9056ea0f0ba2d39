/* block: many states in one row of a partition, each as its key and the state, one behind the other.
 *
 * Both are written as their size in decimal digits, a colon, and the bytes: `6:berlin2:17`. So a view of SQL can take
 * them apart for a person, and whatever bytes they hold need no escape. */
#ifndef BLOCK_H
#define BLOCK_H

#include "base/bytes.h"

/* What block_next found. */
enum block_found {
    BLOCK_STATE,
    BLOCK_END,
    BLOCK_BROKEN /* what is left is no state */
};

/* How many bytes a state takes in a block, at most. */
size_t block_room(struct bytes key, struct bytes state);

/* Appends a state; state.data is not NULL. */
void block_add(struct buffer *block, struct bytes key, struct bytes state);

/* Takes the next state from the front of what is left of a block. key and state are views of the block. */
enum block_found block_next(struct bytes *left, struct bytes *key, struct bytes *state);

#endif
