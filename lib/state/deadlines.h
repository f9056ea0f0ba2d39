/* deadlines: when each of many keys falls due, if all of them have the same time from when they are added. */
#ifndef DEADLINES_H
#define DEADLINES_H

#include <stdint.h>

#include "base/bytes.h"

struct deadlines;

/* Makes an empty list. The caller closes it, which frees everything. */
struct deadlines *deadlines_open(void);
void deadlines_close(struct deadlines *deadlines);

/* Adds a key, which is copied and must not be in the list. time must not be before that of the key added last. */
void deadlines_add(struct deadlines *deadlines, struct bytes key, int64_t time);

/* Removes a key; does nothing if it is not in the list. */
void deadlines_remove(struct deadlines *deadlines, struct bytes key);

/* Returns the time of the key that falls due first and sets *key, a view that is valid until the key is removed.
 * Returns INT64_MAX, and leaves *key as it was, if the list is empty. */
int64_t deadlines_first(const struct deadlines *deadlines, struct bytes *key);

#endif
