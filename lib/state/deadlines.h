/* deadlines: when each of many keys falls due, where all have the same time from their beginning. */
#ifndef DEADLINES_H
#define DEADLINES_H

#include <stdint.h>

#include "base/bytes.h"

struct deadlines;

struct deadlines *deadlines_open(void);
void deadlines_close(struct deadlines *deadlines);

/* Adds a key, which must not be there, and is copied; its time must not be before that of the key added last. */
void deadlines_add(struct deadlines *deadlines, struct bytes key, int64_t time);

/* Takes a key out, where it is there. */
void deadlines_remove(struct deadlines *deadlines, struct bytes key);

/* The time of the key that falls due first; INT64_MAX: there is none. Sets key, which is valid until it is removed. */
int64_t deadlines_first(const struct deadlines *deadlines, struct bytes *key);

#endif
