#include "state/deadlines.h"

#include <stdlib.h>

#include "state/state.h"

/* A key in a list in the order of time, which is the order of adding. */
struct deadline {
    struct deadline *before, *after;
    int64_t time;
    size_t size;
    char key[];
};

struct deadlines {
    struct state *places; /* key -> the pointer to its deadline, as bytes */
    struct deadline *first, *last;
};

struct deadlines *deadlines_open(void)
{
    struct deadlines *deadlines = bytes_allocate(sizeof *deadlines);
    *deadlines = (struct deadlines){.places = state_open(NULL)};
    return deadlines;
}

void deadlines_close(struct deadlines *deadlines)
{
    while (deadlines->first != NULL) {
        struct deadline *next = deadlines->first->after;
        free(deadlines->first);
        deadlines->first = next;
    }
    state_close(deadlines->places);
    free(deadlines);
}

void deadlines_add(struct deadlines *deadlines, struct bytes key, int64_t time)
{
    struct deadline *added = bytes_allocate(sizeof *added + key.size);
    *added = (struct deadline){.before = deadlines->last, .time = time, .size = key.size};
    bytes_copy(added->key, key);
    if (deadlines->last != NULL)
        deadlines->last->after = added;
    else
        deadlines->first = added;
    deadlines->last = added;
    state_put(deadlines->places, key, (struct bytes){(const char *)&added, sizeof added});
}

void deadlines_remove(struct deadlines *deadlines, struct bytes key)
{
    const struct bytes place = state_get(deadlines->places, key);
    struct deadline *removed;
    if (place.data == NULL)
        return;
    memcpy(&removed, place.data, sizeof removed);
    state_put(deadlines->places, key, (struct bytes){NULL, 0});
    if (removed->before != NULL)
        removed->before->after = removed->after;
    else
        deadlines->first = removed->after;
    if (removed->after != NULL)
        removed->after->before = removed->before;
    else
        deadlines->last = removed->before;
    free(removed);
}

int64_t deadlines_first(const struct deadlines *deadlines, struct bytes *key)
{
    const struct deadline *first = deadlines->first;
    if (first == NULL)
        return INT64_MAX;
    *key = (struct bytes){first->key, first->size};
    return first->time;
}
