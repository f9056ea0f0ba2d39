/* position: how far a file was read, or written, and whether it is still that file. */
#ifndef POSITION_H
#define POSITION_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/message.h"

enum {
    POSITION_WINDOW = 4096, /* bytes before the position that its hash is of, at most */
    POSITION_TEXT = 160     /* room for the text of any position */
};

/* All zero is the start of no file in particular. */
struct position {
    uint64_t offset;  /* bytes before it */
    uint64_t records; /* records before it */
    uint64_t device;
    uint64_t inode; /* of a pipe: both 0 */
    uint64_t hash;  /* XXH3_64 of the bytes just before it; of a pipe, of all of them */
};

/* How a file fits a position that was saved of it. */
enum position_fit {
    POSITION_FITS,
    POSITION_SHORTER,   /* it ends before the position */
    POSITION_CHANGED,   /* the bytes just before the position are others */
    POSITION_RENEWED,   /* it is another file, in which the bytes just before the position are the same */
    POSITION_UNREADABLE /* errno says why */
};

/* As it is saved: `offset=10 records=5 device=2049 inode=1234 hash=0123456789abcdef`. The view lies in text. */
struct bytes position_format(const struct position *position, char text[POSITION_TEXT]);

/* False for what position_format does not write. */
bool position_parse(struct bytes text, struct position *position);

/* Sets device, inode and hash from the file open at fd, for the offset, where it still has the bytes `before`, at most
 * POSITION_WINDOW and maybe none, that were read just before there. Returns POSITION_FITS, _SHORTER, _CHANGED or
 * _UNREADABLE; the position is set with the first only. */
enum position_fit position_take(struct position *position, int fd, struct bytes before);

/* Whether the position was taken of this file, as its device and inode say. */
bool position_is_of(const struct position *position, const struct stat *file);

/* Compares the file open at fd, which must allow reading, with a position. */
enum position_fit position_compare(const struct position *position, int fd);

/* The absolute path, without symbolic links, that a file is known by, in memory of the caller's; the file may be
 * missing, its directory not, which ends the program with the status. */
char *position_path(const char *name, enum status status);

#endif
