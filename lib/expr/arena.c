#include "expr/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/bytes.h"

struct arena_block {
    struct arena_block *before;
    max_align_t data[];
};

/* Puts a new block before the others, with room for size bytes. */
static void add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = bytes_allocate(sizeof *block + size);
    block->before = arena->block;
    arena->size += arena->block != NULL ? size : 0;
    arena->block = block;
    arena->at = (char *)block->data;
    arena->end = arena->at + size;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    const size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (arena->block == NULL)
        add_block(arena, ARENA_FIRST);
    if ((size_t)(arena->end - arena->at) < rounded)
        add_block(arena, rounded > ARENA_FIRST ? rounded : ARENA_FIRST);
    void *memory = arena->at;
    arena->at += rounded;
    return memory;
}

void arena_free_blocks(struct arena *arena)
{
    while (arena->block->before != NULL) {
        struct arena_block *block = arena->block;
        arena->block = block->before;
        free(block);
    }
    arena->size = 0;
    arena->at = (char *)arena->block->data;
    arena->end = arena->at + ARENA_FIRST;
}

void arena_free(struct arena *arena)
{
    while (arena->block != NULL) {
        struct arena_block *block = arena->block;
        arena->block = block->before;
        free(block);
    }
    *arena = (struct arena){.at = NULL};
}
