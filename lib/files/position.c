#include "files/position.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/decimal.h"

struct bytes position_format(const struct position *position, char text[POSITION_TEXT])
{
    int size = snprintf(text, POSITION_TEXT,
                        "offset=%" PRIu64 " records=%" PRIu64 " device=%" PRIu64 " inode=%" PRIu64 " hash=%016" PRIx64,
                        position->offset, position->records, position->device, position->inode, position->hash);
    return (struct bytes){text, (size_t)size};
}

/* Takes a name off the front of *text. Returns false if the text does not begin with it. */
static bool take_name(struct bytes *text, const char *name)
{
    const size_t size = strlen(name);
    if (text->size < size || memcmp(text->data, name, size) != 0)
        return false;
    *text = (struct bytes){text->data + size, text->size - size};
    return true;
}

static bool take_number(struct bytes *text, const char *name, uint64_t *number)
{
    return take_name(text, name) && decimal_take(text, UINT64_MAX, number);
}

static bool take_hash(struct bytes *text, const char *name, uint64_t *hash)
{
    static const char digits[] = "0123456789abcdef";
    if (!take_name(text, name))
        return false;
    *hash = 0;
    for (size_t i = 0; i < text->size; i++) {
        const char *digit = memchr(digits, text->data[i], sizeof digits - 1);
        if (digit == NULL)
            return false;
        *hash = *hash << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

bool position_parse(struct bytes text, struct position *position)
{
    char again[POSITION_TEXT];
    struct position read;
    struct bytes rest = text;
    /* Leading zeros, or too many digits, are seen when it is written again. */
    if (!take_number(&rest, "offset=", &read.offset) || !take_number(&rest, " records=", &read.records) ||
        !take_number(&rest, " device=", &read.device) || !take_number(&rest, " inode=", &read.inode) ||
        !take_hash(&rest, " hash=", &read.hash) || !bytes_equal(position_format(&read, again), text))
        return false;
    *position = read;
    return true;
}

/* The bytes of a file just before a position. */
struct window {
    char data[POSITION_WINDOW];
    size_t size;
};

/* Returns POSITION_FITS, POSITION_SHORTER, or POSITION_UNREADABLE with errno. */
static enum position_fit read_window(struct window *window, uint64_t offset, int fd)
{
    window->size = offset < sizeof window->data ? (size_t)offset : sizeof window->data;
    for (size_t done = 0; done < window->size;) {
        ssize_t n = pread(fd, window->data + done, window->size - done, (off_t)(offset - window->size + done));
        if (n == 0)
            return POSITION_SHORTER;
        if (n == -1 && errno != EINTR)
            return POSITION_UNREADABLE;
        if (n > 0)
            done += (size_t)n;
    }
    return POSITION_FITS;
}

enum position_fit position_take(struct position *position, int fd, struct bytes before)
{
    struct stat status;
    struct window window;
    if (fstat(fd, &status) == -1)
        return POSITION_UNREADABLE;
    enum position_fit fit = read_window(&window, position->offset, fd);
    if (fit != POSITION_FITS)
        return fit;
    if (before.size > 0 && memcmp(window.data + window.size - before.size, before.data, before.size) != 0)
        return POSITION_CHANGED;
    position->device = (uint64_t)status.st_dev;
    position->inode = (uint64_t)status.st_ino;
    position->hash = XXH3_64bits(window.data, window.size);
    return POSITION_FITS;
}

bool position_is_of(const struct position *position, const struct stat *file)
{
    return (uint64_t)file->st_dev == position->device && (uint64_t)file->st_ino == position->inode;
}

enum position_fit position_compare(const struct position *position, int fd)
{
    struct stat status;
    struct window window;
    if (fstat(fd, &status) == -1)
        return POSITION_UNREADABLE;
    if ((uint64_t)status.st_size < position->offset)
        return POSITION_SHORTER;
    enum position_fit fit = read_window(&window, position->offset, fd);
    if (fit != POSITION_FITS)
        return fit;
    if (XXH3_64bits(window.data, window.size) != position->hash)
        return POSITION_CHANGED;
    return position_is_of(position, &status) ? POSITION_FITS : POSITION_RENEWED;
}

/* Returns the path of a missing file in a directory that exists, or NULL with errno. */
static char *new_path(const char *name)
{
    const char *slash = strrchr(name, '/');
    const struct bytes directory = slash == NULL ? bytes_of(".") : (struct bytes){name, (size_t)(slash - name) + 1};
    char *string = bytes_string(directory);
    char *resolved = realpath(string, NULL);
    struct buffer joined = {0};
    if (resolved != NULL) {
        buffer_print(&joined, "%s/%s", strcmp(resolved, "/") == 0 ? "" : resolved, slash == NULL ? name : slash + 1);
        (void)buffer_string(&joined);
    }
    free(string);
    free(resolved);
    return joined.data;
}

char *position_path(const char *name, enum status status)
{
    char *path = realpath(name, NULL);
    struct stat link;
    if (path == NULL && errno == ENOENT && lstat(name, &link) == -1)
        path = new_path(name);
    if (path == NULL)
        message_fail(status, "%s: cannot be found: %s", name, strerror(errno));
    return path;
}
