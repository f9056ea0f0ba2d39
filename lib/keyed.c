#include "keyed.h"

#include <stdlib.h>

void keyed_look_ahead(const struct stage *stage, const struct record *records, size_t count, uint64_t *hashes)
{
    size_t hashed = 0, places[KEYED_AHEAD];
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && records[i].same_key)
            continue;
        hashes[i] = state_hash(records[i].key);
        state_prefetch(stage->state, hashes[i]);
        places[hashed++] = i;
    }
    for (size_t i = 0; hashed > 1 && i < hashed; i++)
        state_prefetch_entry(stage->state, hashes[places[i]]);
}

struct list {
    struct keyed_state *at;
    size_t count, room;
};

static void add(void *context, struct bytes key, struct bytes state)
{
    struct list *list = context;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 64 : 2 * list->room;
        list->at = bytes_reallocate(list->at, list->room * sizeof *list->at);
    }
    list->at[list->count++] = (struct keyed_state){key, state};
}

static int compare(const void *left, const void *right)
{
    return bytes_compare(((const struct keyed_state *)left)->key, ((const struct keyed_state *)right)->key);
}

struct keyed_state *keyed_list(struct state *state, size_t *count)
{
    struct list list = {.at = NULL};
    state_each(state, add, &list);
    if (list.count > 0)
        qsort(list.at, list.count, sizeof *list.at, compare);
    *count = list.count;
    return list.at;
}
