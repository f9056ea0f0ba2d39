/* inputs: the files that a source reads, and how far it has read each.
 *
 * A file is known by its device, its inode and the bytes before the position, whatever its name is now: one that was
 * renamed goes on under its new name, and one that was rotated is read to its end before the new one at its path
 * begins. A file that was truncated or replaced is refused, or read from its start, as on_replaced says. */
#ifndef INPUTS_H
#define INPUTS_H

#include <xxhash.h>

#include "files/position.h"
#include "state/state.h"

struct input {
    const char *name; /* "-" is standard input */
    char *key;        /* its position is saved under this */
    int fd;
    bool seekable;
    bool found; /* it was not given: it is where a rotated file was found, and name is malloc's */
    bool moved; /* the position changed since it was saved */
    uint64_t device, inode;
    struct position position;
    XXH3_state_t *hash; /* of a pipe: all bytes before the position */
    struct buffer tail; /* of a file: the bytes before the position that were read in this run, the last of them */
};

enum on_replaced { ON_REPLACED_FAIL, ON_REPLACED_RESTART, ON_REPLACED_CONTINUE };

struct inputs {
    struct input *list;
    size_t count, room;
    enum on_replaced on_replaced;
    struct state *keys;  /* those of all inputs, each with an empty state */
    struct state *files; /* device and inode of each input -> its descriptor, as bytes */
};

/* Opens all of them; no name is standard input. One that is missing ends the program (66). The names must stay. */
void inputs_open(struct inputs *inputs, char **names, size_t count);

/* Finds the position of each in the state of the step, and may add inputs before others. What does not fit ends the
 * program (78). */
void inputs_find_positions(struct inputs *inputs, struct state *state);

/* How many bytes there are behind all positions; UINT64_MAX where one is of something else than a file. */
uint64_t inputs_left(const struct inputs *inputs);

/* Moves the position of an input on behind bytes that were read there, in which there are so many records. */
void inputs_advance(struct input *input, struct bytes read, uint64_t records);

/* Puts the positions that have moved into the state. A file that is not what was read of it ends the program (78). */
void inputs_freeze(struct inputs *inputs, struct state *state);

void inputs_close(struct inputs *inputs);

#endif
