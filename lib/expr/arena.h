/* arena: memory for the results of one evaluation, all of which is freed at once. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

enum { ARENA_FIRST = 4096 - 64 }; /* bytes of the block that stays */

struct arena {
    char *at, *end;            /* the room left in the newest block */
    struct arena_block *block; /* the newest; NULL: there is none yet */
    size_t size;               /* of all blocks but the first */
};

/* Returns memory of size bytes, aligned for any type, valid until the next arena_reset. */
void *arena_allocate(struct arena *arena, size_t size);

/* Frees all blocks but the first. */
void arena_free_blocks(struct arena *arena);
static inline void arena_reset(struct arena *arena)
{
    if (arena->block != NULL)
        arena_free_blocks(arena);
}

/* Frees all of it. */
void arena_free(struct arena *arena);

#endif
