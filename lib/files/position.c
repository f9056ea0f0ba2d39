#include "files/position.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

struct bytes position_format(const struct position *position, char text[POSITION_TEXT])
{
    int size = snprintf(text, POSITION_TEXT,
                        "offset=%" PRIu64 " records=%" PRIu64 " device=%" PRIu64 " inode=%" PRIu64 " hash=%016" PRIx64,
                        position->offset, position->records, position->device, position->inode, position->hash);
    return (struct bytes){text, (size_t)size};
}

bool position_parse(struct bytes bytes, struct position *position)
{
    char text[POSITION_TEXT], again[POSITION_TEXT];
    struct position read;
    if (bytes.size >= sizeof text)
        return false;
    memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    if (sscanf(text, "offset=%" SCNu64 " records=%" SCNu64 " device=%" SCNu64 " inode=%" SCNu64 " hash=%" SCNx64,
               &read.offset, &read.records, &read.device, &read.inode, &read.hash) != 5)
        return false;
    if (!bytes_equal(position_format(&read, again), bytes))
        return false;
    *position = read;
    return true;
}

/* The bytes of a file just before an offset. */
struct window {
    char data[POSITION_WINDOW];
    size_t size;
};

/* Returns POSITION_FITS, or POSITION_SHORTER, or POSITION_UNREADABLE with errno. */
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

char *position_path(const char *name, enum status status)
{
    char *path = realpath(name, NULL);
    struct stat link;
    if (path == NULL && errno == ENOENT && lstat(name, &link) == -1) {
        /* A file that is yet to be made, in a directory that is there. */
        const char *slash = strrchr(name, '/');
        char *directory = slash == NULL ? strdup(".") : strndup(name, (size_t)(slash - name) + 1);
        char *resolved = directory != NULL ? realpath(directory, NULL) : NULL;
        struct buffer joined = {0};
        if (resolved != NULL) {
            buffer_print(&joined, "%s/%s", strcmp(resolved, "/") == 0 ? "" : resolved,
                         slash == NULL ? name : slash + 1);
            buffer_add_byte(&joined, '\0');
            path = joined.data;
        }
        free(directory);
        free(resolved);
    }
    if (path == NULL)
        message_fail(status, "%s: cannot be found: %s", name, strerror(errno));
    return path;
}
