/* inputs: the files that a source reads, and how far it has read each of them.
 *
 * A file is known by its device, its inode and the bytes before the position, whatever its name is now. A renamed file
 * goes on under its new name. A rotated file is read to its end before the new file at its path begins. A file that was
 * truncated or replaced is refused or read from its start, as on_replaced says. */
#ifndef INPUTS_H
#define INPUTS_H

#include <xxhash.h>

#include "files/position.h"
#include "state/state.h"

struct input {
    const char *name; /* "-" is standard input */
    char *key;        /* the path, or "-", under which its position is saved */
    int fd;
    bool seekable;
    bool found; /* a rotated file that was not given; name is then malloc's */
    bool moved; /* the position has changed since it was saved */
    uint64_t device, inode;
    struct position position;
    XXH3_state_t *hash; /* pipes only: of all bytes before the position */
    struct buffer tail; /* files only: the last bytes before the position that were read in this run */
};

enum on_replaced { ON_REPLACED_FAIL, ON_REPLACED_RESTART, ON_REPLACED_CONTINUE };

struct inputs {
    struct input *list;
    size_t count, room;
    enum on_replaced on_replaced;
    struct state *keys;  /* those of all inputs, each with an empty state */
    struct state *files; /* device and inode of each input -> its descriptor, as bytes */
};

/* Opens the files; without any name, standard input. A missing file ends the program (66), and so does one that is
 * given twice (64). The names must outlive inputs. */
void inputs_open(struct inputs *inputs, char **names, size_t count);

/* Finds the position of each input in the state of the step, and may add rotated files before their successors. A file
 * that does not fit its position ends the program (78). */
void inputs_find_positions(struct inputs *inputs, struct state *state);

/* Returns the number of bytes behind all positions, or UINT64_MAX if an input is no regular file. */
uint64_t inputs_left(const struct inputs *inputs);

/* Moves the position of an input behind the bytes that were read there, which hold that many records. */
void inputs_advance(struct input *input, struct bytes read, uint64_t records);

/* Puts the positions that have moved into the state. A file in which the bytes that were read have changed ends the
 * program (78). */
void inputs_freeze(struct inputs *inputs, struct state *state);

void inputs_close(struct inputs *inputs);

#endif
