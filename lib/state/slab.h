/* slab: memory for very many small things that come and go, and that are all freed at once in the end.
 *
 * Sizes are rounded up to steps. A thing that is given back is taken again for the same step. Larger things come from
 * malloc. Under AddressSanitizer every byte that is not in use is poisoned: a read or write of what was given back or
 * not yet taken, or beyond the size of a thing, is reported as it is for malloc. */
#ifndef SLAB_H
#define SLAB_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLAB_IS_POISONED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_IS_POISONED
#endif
#endif

enum {
    SLAB_STEP = 16, /* bytes; everything is aligned to it */
    SLAB_MOST = 512 /* bytes: the largest thing that shares a chunk with others */
};

/* A slab that is all zero is empty. */
struct slab {
    void *free[SLAB_MOST / SLAB_STEP + 1]; /* what was given back, a list for each step, linked by the first words */
    char *chunk;                           /* where the next new thing begins */
    size_t left;                           /* bytes from there to the end of the chunk */
    struct slab_link *chunks;              /* all of them, for slab_free */
    struct slab_link *large;               /* all things larger than SLAB_MOST, for slab_free */
};

/* The bytes that a thing of this size takes. */
static inline size_t slab_size(size_t size)
{
    return (size + SLAB_STEP - 1) / SLAB_STEP * SLAB_STEP;
}

/* Returns memory for a thing of size bytes, which is not 0. Out of memory ends the program (71). The memory is valid
 * until slab_give or slab_free. */
void *slab_take(struct slab *slab, size_t size);

/* Gives a thing back; size is what slab_take was called with. */
void slab_give(struct slab *slab, void *thing, size_t size);

/* Frees everything that was taken, and leaves an empty slab. */
void slab_free(struct slab *slab);

#endif
