/* hash: the hash of a key, which decides its place: in the table of a state, in a partition, in an image.
 *
 * It is XXH3_64bits (xxHash) of the key's bytes with the seed 0. It is part of the format of partitions. */
#ifndef HASH_H
#define HASH_H

#include <stdint.h>
#include <xxhash.h>

#include "base/bytes.h"

static inline uint64_t hash_key(struct bytes key)
{
    return XXH3_64bits(key.data, key.size);
}

/* The low half of the hash. Changes and images are kept in its order. */
static inline uint32_t hash_key_low(struct bytes key)
{
    return (uint32_t)hash_key(key);
}

#endif
