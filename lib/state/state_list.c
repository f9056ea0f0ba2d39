#include "state/state_list.h"

#include <stdlib.h>

#include "base/array.h"

struct list {
    struct state_pair *at;
    size_t count, room;
};

static void add(void *context, struct bytes key, struct bytes state)
{
    struct list *list = context;
    list->at = array_grow(list->at, list->count, &list->room, sizeof *list->at);
    list->at[list->count++] = (struct state_pair){key, state};
}

static int compare(const void *left, const void *right)
{
    return bytes_compare(((const struct state_pair *)left)->key, ((const struct state_pair *)right)->key);
}

struct state_pair *state_list(struct state *state, size_t *count)
{
    struct list list = {.at = NULL};
    state_each(state, add, &list);
    if (list.count > 0)
        qsort(list.at, list.count, sizeof *list.at, compare);
    *count = list.count;
    return list.at;
}
