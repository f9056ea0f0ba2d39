#include "state/slab.h"

#include <stdlib.h>

#include "base/bytes.h"

#ifdef SLAB_IS_POISONED
#include <sanitizer/asan_interface.h>
#define POISON(memory, size) ASAN_POISON_MEMORY_REGION(memory, size)
#define UNPOISON(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define POISON(memory, size) ((void)0)
#define UNPOISON(memory, size) ((void)0)
#endif

enum {
    LINE = 64, /* bytes of a line of the processor's cache: a small thing should lie in one */
    CHUNK = 256 * 1024
};

/* Stands before the things of a chunk, and before a large thing. It takes one step, so that the thing is aligned. */
struct slab_link {
    struct slab_link *next;
    struct slab_link **place; /* the pointer to this link; of large things only */
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
    const size_t step = slab_size(size);
    if (step > SLAB_MOST) {
        struct slab_link *link = bytes_allocate(SLAB_STEP + size);
        put_first(&slab->large, link);
        return (char *)link + SLAB_STEP;
    }
    void **free_list = &slab->free[step / SLAB_STEP];
    void *thing = *free_list;
    if (thing != NULL) {
        UNPOISON(thing, sizeof *free_list);
        memcpy(free_list, thing, sizeof *free_list);
        POISON(thing, sizeof *free_list);
        UNPOISON(thing, size);
        return thing;
    }
    if (slab->left < step) {
        struct slab_link *link = bytes_allocate_aligned(LINE, CHUNK);
        put_first(&slab->chunks, link);
        slab->chunk = (char *)link + LINE;
        slab->left = CHUNK - LINE;
        POISON(slab->chunk, slab->left);
    }
    thing = slab->chunk;
    slab->chunk += step;
    slab->left -= step;
    UNPOISON(thing, size);
    return thing;
}

void slab_give(struct slab *slab, void *thing, size_t size)
{
    const size_t step = slab_size(size);
    if (step > SLAB_MOST) {
        struct slab_link *link = (struct slab_link *)(void *)((char *)thing - SLAB_STEP);
        *link->place = link->next;
        if (link->next != NULL)
            link->next->place = link->place;
        free(link);
        return;
    }
    void **free_list = &slab->free[step / SLAB_STEP];
    UNPOISON(thing, step);
    memcpy(thing, free_list, sizeof *free_list);
    *free_list = thing;
    POISON(thing, step);
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
