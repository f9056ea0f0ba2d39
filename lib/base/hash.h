/* hash: the hash that places a key: in the table of a state, in a partition, in an image.
 *
 * It is XXH3_64bits of the key's bytes with the seed 0 (xxHash), and a part of the format of partitions. */
#ifndef HASH_H
#define HASH_H

#include <stdint.h>
#include <xxhash.h>

#include "base/bytes.h"

static inline uint64_t hash_key(struct bytes key)
{
    return XXH3_64bits(key.data, key.size);
}

/* The low half of the hash, in whose order changes and images are kept. */
static inline uint32_t hash_key_low(struct bytes key)
{
    return (uint32_t)hash_key(key);
}

#endif
