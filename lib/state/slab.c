#include "state/slab.h"

#include <stdlib.h>

#include "base/bytes.h"

enum {
    LINE = 64, /* of the processor's cache: a small thing should lie in one */
    CHUNK = 256 * 1024
};

/* Before a chunk, and before a large thing; the size of a step, so that what follows is aligned. */
struct slab_link {
    struct slab_link *next;
    struct slab_link **place; /* what points here; of large things only */
};

_Static_assert(sizeof(struct slab_link) <= SLAB_STEP, "a link takes one step");

static void put_first(struct slab_link **list, struct slab_link *link)
{
    *link = (struct slab_link){*list, list};
    if (*list != NULL)
        (*list)->place = &link->next;
    *list = link;
}

void *slab_take(struct slab *slab, size_t size)
{
    size = slab_size(size);
    if (size > SLAB_MOST) {
        struct slab_link *link = bytes_allocate(SLAB_STEP + size);
        put_first(&slab->large, link);
        return (char *)link + SLAB_STEP;
    }
    void **free_list = &slab->free[size / SLAB_STEP];
    void *thing = *free_list;
    if (thing != NULL) {
        memcpy(free_list, thing, sizeof *free_list);
        return thing;
    }
    if (slab->left < size) {
        struct slab_link *link = bytes_allocate_aligned(LINE, CHUNK);
        put_first(&slab->chunks, link);
        slab->chunk = (char *)link + LINE;
        slab->left = CHUNK - LINE;
    }
    thing = slab->chunk;
    slab->chunk += size;
    slab->left -= size;
    return thing;
}

void slab_give(struct slab *slab, void *thing, size_t size)
{
    size = slab_size(size);
    if (size > SLAB_MOST) {
        struct slab_link *link = (struct slab_link *)(void *)((char *)thing - SLAB_STEP);
        *link->place = link->next;
        if (link->next != NULL)
            link->next->place = link->place;
        free(link);
        return;
    }
    void **free_list = &slab->free[size / SLAB_STEP];
    memcpy(thing, free_list, sizeof *free_list);
    *free_list = thing;
}

static void free_links(struct slab_link *link)
{
    while (link != NULL) {
        struct slab_link *next = link->next;
        free(link);
        link = next;
    }
}

void slab_free(struct slab *slab)
{
    free_links(slab->chunks);
    free_links(slab->large);
    *slab = (struct slab){.chunk = NULL};
}
