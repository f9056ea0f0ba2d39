#include "position.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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

/* The hash of the bytes just before the offset. */
static bool hash_before(int fd, uint64_t offset, uint64_t *hash)
{
    char window[POSITION_WINDOW];
    size_t size = offset < sizeof window ? (size_t)offset : sizeof window;
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, window + done, size - done, (off_t)(offset - size + done));
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (n == 0)
                errno = 0;
            return false;
        }
        done += (size_t)n;
    }
    *hash = XXH3_64bits(window, size);
    return true;
}

bool position_take(struct position *position, int fd)
{
    struct stat status;
    if (fstat(fd, &status) == -1)
        return false;
    position->device = (uint64_t)status.st_dev;
    position->inode = (uint64_t)status.st_ino;
    return hash_before(fd, position->offset, &position->hash);
}

enum position_fit position_compare(const struct position *position, int fd)
{
    struct stat status;
    uint64_t hash;
    if (fstat(fd, &status) == -1)
        return POSITION_UNREADABLE;
    if ((uint64_t)status.st_size < position->offset)
        return POSITION_SHORTER;
    if (!hash_before(fd, position->offset, &hash))
        return errno == 0 ? POSITION_SHORTER : POSITION_UNREADABLE;
    if (hash != position->hash)
        return POSITION_CHANGED;
    if ((uint64_t)status.st_dev != position->device || (uint64_t)status.st_ino != position->inode)
        return POSITION_RENEWED;
    return POSITION_FITS;
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
