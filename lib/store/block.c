#include "store/block.h"

enum { DIGITS_MOST = 10 }; /* of a size */

size_t block_room(struct bytes key, struct bytes state)
{
    return key.size + state.size + 2 * (DIGITS_MOST + 1);
}

static char *put(char *to, struct bytes bytes)
{
    size_t size = bytes.size, unit = 1;
    while (unit <= size / 10)
        unit *= 10;
    for (; unit > 0; size %= unit, unit /= 10)
        *to++ = (char)('0' + size / unit);
    *to++ = ':';
    return bytes_copy(to, bytes);
}

void block_add(struct buffer *block, struct bytes key, struct bytes state)
{
    char *start = buffer_reserve(block, block_room(key, state));
    block->size += (size_t)(put(put(start, key), state) - start);
}

/* Takes a size, a colon and as many bytes. Not with decimal_take, whose test against a largest number takes half as
 * long again for each state: this loop runs for all states of an image when it is loaded. */
static bool take(struct bytes *left, struct bytes *bytes)
{
    size_t size = 0, at = 0;
    for (; at < left->size && at < DIGITS_MOST && left->data[at] >= '0' && left->data[at] <= '9'; at++)
        size = size * 10 + (size_t)(left->data[at] - '0');
    if (at == 0 || at == left->size || left->data[at] != ':' || size > left->size - at - 1)
        return false;
    *bytes = (struct bytes){left->data + at + 1, size};
    *left = (struct bytes){bytes->data + size, left->size - at - 1 - size};
    return true;
}

enum block_found block_next(struct bytes *left, struct bytes *key, struct bytes *state)
{
    if (left->size == 0)
        return BLOCK_END;
    return take(left, key) && take(left, state) ? BLOCK_STATE : BLOCK_BROKEN;
}
