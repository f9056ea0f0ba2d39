/* known: the positions that are saved of the files of a flow, found by the name of a file, by the file itself, or by
 * the path that it had before it was rotated.
 *
 * Each question costs a search among sorted positions, however many are saved, and reads a file only to compare it
 * with positions that were taken of it. */
#ifndef KNOWN_H
#define KNOWN_H

#include <stddef.h>
#include <stdint.h>

#include "files/position.h"
#include "state/state.h"

/* The saved position of a file. */
struct known {
    char *key; /* the path that it is saved under */
    struct position position;
    struct bytes before; /* rotation_before of the key, a view of it */
    size_t number;       /* in the order in which the state gave them */
};

/* All zero is an empty one. */
struct known_files {
    struct known *list;
    size_t count, room;
    struct known **by_key, **by_file, **by_before; /* the list, sorted */
};

/* Reads all positions that the state holds. One that position_format has not written ends the program (78). */
void known_open(struct known_files *files, struct state *state);
void known_close(struct known_files *files);

/* The position that is saved under the key. Returns NULL if there is none. */
const struct known *known_by_key(const struct known_files *files, const char *key);

/* The position of the file open at fd, whose path is key, and whose device and inode are given; if it was saved under
 * several names, the furthest one that fits. A position at offset 0 is nothing but an inode, which another file may
 * have by now: it counts only if it is saved under the same key. Returns NULL if there is none. */
const struct known *known_by_file(const struct known_files *files, const char *key, uint64_t device, uint64_t inode,
                                  int fd);

/* The positions of all files whose path was path before they were rotated. Returns the first of *count. */
const struct known *const *known_rotated(const struct known_files *files, const char *path, size_t *count);

#endif
