#include "base/array.h"

#include "base/bytes.h"

enum { ROOM_LEAST = 16 };

void *array_grow(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room == 0 ? ROOM_LEAST : 2 * *room;
    return bytes_reallocate(items, *room * size);
}
