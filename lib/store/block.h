/* block: many states in one row of a partition, one behind the other, each as its key and the state.
 *
 * Key and state are each written as the size in decimal digits, a colon, and the bytes: `6:berlin2:17`. So no byte
 * needs an escape, and a view in SQL can take a block apart for a person. */
#ifndef BLOCK_H
#define BLOCK_H

#include "base/bytes.h"

/* What block_next found. */
enum block_found {
    BLOCK_STATE,
    BLOCK_END,
    BLOCK_BROKEN /* what is left does not begin with a state */
};

/* Returns how many bytes a state takes in a block, at most. */
size_t block_room(struct bytes key, struct bytes state);

/* Appends a state; state.data is not NULL. */
void block_add(struct buffer *block, struct bytes key, struct bytes state);

/* Takes the next state from the front of *left, the rest of a block. Sets *key and *state to views of the block if it
 * returns BLOCK_STATE. */
enum block_found block_next(struct bytes *left, struct bytes *key, struct bytes *state);

#endif
