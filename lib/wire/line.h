/* line: reads descriptors in large blocks that hold whole lines, and writes large blocks to descriptors. */
#ifndef LINE_H
#define LINE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/scan.h"

enum {
    LINE_READ = 128 * 1024,  /* bytes asked for by one read: few enough to stay in the processor's cache until used */
    LINE_WRITE = 512 * 1024, /* bytes buffered for one write: many, to wake the reader and ask the disk less often */
    LINE_SLACK = SCAN_BEYOND /* bytes that may be read behind a reader's block, and written behind a writer's room */
};

/* Bytes read from a descriptor. Those not taken yet are data[start] to data[end - 1]; whoever takes some moves start.
 * Views of them are valid until the next line_fill. LINE_SLACK bytes behind room can be read. */
struct line_reader {
    int fd;
    char *data;
    size_t room;
    size_t start;
    size_t end;
    size_t limit; /* bytes of the longest line that is waited for */
};

/* Begins to read fd, which the caller closes. limit is the size in bytes, without the LF, of the longest line that the
 * reader waits for. line_reader_close frees what the reader holds. */
void line_reader_open(struct line_reader *reader, int fd, size_t limit);

/* Frees the block; views of it are no longer valid. */
void line_reader_close(struct line_reader *reader);

/* Calls read once, and appends the bytes to those not taken yet. Moves these to the front first, and makes the block
 * larger if they fill more than half of it. Returns the number of new bytes, or 0 at the end of the file, or -1 with
 * errno set: EMSGSIZE if more than the limit is left untaken, and otherwise as read sets it (EINTR included). */
ssize_t line_fill(struct line_reader *reader);

/* Bytes on their way to a descriptor: data[0] to data[size - 1]. */
struct line_writer {
    int fd;
    const char *name; /* of the file, for messages: "standard output"; not owned */
    char *data;
    size_t size;
    size_t room;
    bool held;     /* line_flush does nothing, and the block grows; only line_release writes */
    bool synced;   /* the file will be synced, so the disk is told early to begin with what is written */
    size_t behind; /* bytes written since the disk was last told */
};

/* Begins to write to fd, which the caller closes; name must live as long as the writer. The caller frees data when it
 * is done. */
void line_writer_open(struct line_writer *writer, int fd, const char *name);

/* Writes out all bytes, unless the writer is held. If a write fails, the program ends (74) with a message that begins
 * with the writer's name. */
void line_flush(struct line_writer *writer);

/* Writes out the first size bytes of a writer that is held, as line_flush does, and keeps the rest. */
void line_release(struct line_writer *writer, size_t size);

/* Makes room for size bytes, by line_flush and by a larger block if necessary, and returns a pointer to it. The caller
 * adds the number of bytes that it wrote to writer->size. It may also write up to LINE_SLACK bytes behind them, which
 * are not kept. line_reserve_more is the part of line_reserve that is a call. */
char *line_reserve_more(struct line_writer *writer, size_t size);
static inline char *line_reserve(struct line_writer *writer, size_t size)
{
    return writer->room - writer->size >= size ? writer->data + writer->size : line_reserve_more(writer, size);
}

/* Copies bytes into room that line_reserve gave, and returns the end of the copy. 32 bytes at bytes.data must be
 * readable, as in a reader's block, whatever bytes.size is: short copies, which are the rule, take all of them, which
 * is faster than a copy of the exact size. */
static inline char *line_copy(char *to, struct bytes bytes)
{
    if (bytes.size <= 32)
        __builtin_memcpy(to, bytes.data, 32);
    else
        __builtin_memcpy(to, bytes.data, bytes.size);
    return to + bytes.size;
}

/* Appends the bytes. */
static inline void line_add(struct line_writer *writer, struct bytes bytes)
{
    bytes_copy(line_reserve(writer, bytes.size), bytes);
    writer->size += bytes.size;
}

#endif
