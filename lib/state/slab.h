/* slab: memory for very many small things that come and go, and go all at once in the end.
 *
 * Sizes are rounded up to steps; what is given back is taken again for the same step. Larger things are malloc's. */
#ifndef SLAB_H
#define SLAB_H

#include <stddef.h>

enum {
    SLAB_STEP = 16, /* bytes; everything is aligned to it */
    SLAB_MOST = 512 /* the largest thing that shares a chunk with others */
};

struct slab {
    void *free[SLAB_MOST / SLAB_STEP + 1]; /* of each step, linked by their first words */
    char *chunk;                           /* from which new ones are cut */
    size_t left;                           /* of it, in bytes */
    struct slab_link *chunks;              /* everything to be freed in the end */
    struct slab_link *large;
};

/* The bytes that a thing of this size takes. */
static inline size_t slab_size(size_t size)
{
    return (size + SLAB_STEP - 1) / SLAB_STEP * SLAB_STEP;
}

/* Memory for a thing of this size, which is not 0; out of memory ends the program (71). A struct slab that is all zero
 * is an empty one. */
void *slab_take(struct slab *slab, size_t size);

/* Gives it back; size as it was taken. */
void slab_give(struct slab *slab, void *thing, size_t size);

/* Frees everything that was taken. */
void slab_free(struct slab *slab);

#endif
