/* change: what an epoch has made of the state of a key, on its way from memory (state) to the disk (store). */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdint.h>

#include "base/bytes.h"

/* Who gives changes one by one keeps the views of so many of them valid: of the last, and of those before it. */
enum { CHANGE_KEPT = 128 };

struct change {
    struct bytes key;
    struct bytes state; /* data NULL: discarded */
    uint32_t hash;      /* the low half of the key's */
    bool saved;         /* the key may have a saved state */
};

#endif
