/* rotation: what became of a file whose path now names another one.
 *
 * A log that is rotated by renaming goes on under a name beside its own: access.log.1, access.log-20261101. All paths
 * are absolute. */
#ifndef ROTATION_H
#define ROTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "files/position.h"

/* Paths in the order in which to read them. rotation_free frees them. */
struct rotation {
    char **paths;
    size_t count, room;
};

enum rotation_answer {
    ROTATION_FOUND,
    ROTATION_GONE,      /* no file beside the path is the old one */
    ROTATION_INCOMPLETE /* the old one is there, but one that came after it is missing or compressed: paths[0] says
                           which */
};

/* Looks beside path for the file that the position was taken of. If it is found, paths[0] is that file, and the others
 * are those that had the path after it and were rotated as well: .1 after .2, -20261102 after -20261101. */
enum rotation_answer rotation_find(const char *path, const struct position *position, struct rotation *rotation);

void rotation_free(struct rotation *rotation);

/* The path that a file had before a rotation gave it this one: of /log.1 and of /log-20261101, /log. Returns a view of
 * path, which is empty if the path has no number at its end. */
struct bytes rotation_before(const char *path);

/* The path, beside path and with a name that begins with its own, of the file that the position was taken of. Returns
 * NULL if there is no such file. The caller frees it. */
char *rotation_path(const char *path, const struct position *position);

#endif
