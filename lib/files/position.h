/* position: how far a file was read or written, and whether it is still the same file. */
#ifndef POSITION_H
#define POSITION_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/message.h"

enum {
    POSITION_WINDOW = 4096, /* the hash covers at most this many bytes before the position */
    POSITION_TEXT = 160     /* room for the text of any position */
};

/* All zero is the start of any file. */
struct position {
    uint64_t offset;  /* bytes before the position */
    uint64_t records; /* records before the position */
    uint64_t device;  /* 0 for a pipe */
    uint64_t inode;   /* 0 for a pipe */
    uint64_t hash;    /* XXH3_64 of the bytes just before the position; for a pipe, of all bytes before it */
};

/* How a file fits a saved position. */
enum position_fit {
    POSITION_FITS,
    POSITION_SHORTER,   /* the file ends before the position */
    POSITION_CHANGED,   /* the bytes just before the position have changed */
    POSITION_RENEWED,   /* it is another file, but the bytes just before the position are the same */
    POSITION_UNREADABLE /* errno says why */
};

/* Writes the position as it is saved: `offset=10 records=5 device=2049 inode=1234 hash=0123456789abcdef`. Returns a
 * view of text. */
struct bytes position_format(const struct position *position, char text[POSITION_TEXT]);

/* Reads a position that position_format has written. Returns false, and leaves *position as it was, if the text is any
 * other. */
bool position_parse(struct bytes text, struct position *position);

/* Sets device, inode and hash of a position, whose offset is set, from the file open at fd. before are the bytes that
 * were read just before the offset, at most POSITION_WINDOW and maybe none; the file must still have them. Returns
 * POSITION_FITS, _SHORTER, _CHANGED or _UNREADABLE, and changes the position only with the first. */
enum position_fit position_take(struct position *position, int fd, struct bytes before);

/* Whether the position was taken of this file, as its device and inode say. */
bool position_is_of(const struct position *position, const struct stat *file);

/* Compares the file open at fd, which must be open for reading, with a position. */
enum position_fit position_compare(const struct position *position, int fd);

/* Returns the absolute path, without symbolic links, under which a file is known. The file may be missing; if its
 * directory is missing too, the program ends with the status. The caller frees the path. */
char *position_path(const char *name, enum status status);

#endif
