/* change: the change that an epoch made to the state of a key, on its way from memory (state) to disk (store). */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdint.h>

#include "base/bytes.h"

/* A function that hands out changes one by one keeps the views in this many of them valid: in the last one, and in
 * those before it. */
enum { CHANGE_KEPT = 128 };

struct change {
    struct bytes key;
    struct bytes state; /* data NULL: the key is discarded */
    uint32_t hash;      /* the low half of the key's hash */
    bool saved;         /* the key may have a saved state */
};

#endif
