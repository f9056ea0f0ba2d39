/* line: large blocks in and out of descriptors, and the ends of lines in them. */
#ifndef LINE_H
#define LINE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/scan.h"

enum {
    LINE_READ = 128 * 1024,  /* bytes asked of one read: they stay in the processor's cache until they are taken */
    LINE_WRITE = 512 * 1024, /* bytes buffered for one write: larger ones wake others and ask the disk less often */
    LINE_SLACK = SCAN_BEYOND /* bytes that may be read behind a reader's block, and written behind a writer's room */
};

/* What was read and not yet taken is data[start] to data[end - 1]. Views into it are valid until the next
 * line_fill. */
struct line_reader {
    int fd;
    char *data;
    size_t room;
    size_t start;
    size_t end;
    size_t limit; /* the longest line, in bytes */
};

/* Begins to read fd, which stays the caller's. */
void line_reader_open(struct line_reader *reader, int fd, size_t limit);

/* Frees the block. */
void line_reader_close(struct line_reader *reader);

/* Reads once, behind what is there; makes room first where the block is full. Returns the count of new bytes, 0 at
 * the end of the file, or -1 with errno: EMSGSIZE where the line that begins at start is longer than the limit,
 * EINTR where a signal came first, or what read says. */
ssize_t line_fill(struct line_reader *reader);

/* Bytes on their way to a descriptor. */
struct line_writer {
    int fd;
    const char *name; /* for messages: "standard output" or a file's; not owned */
    char *data;
    size_t size;
    size_t room;
    bool held;     /* line_flush does nothing, and the block grows instead: line_release writes */
    bool synced;   /* the file will be synced: the disk may begin with what is written */
    size_t behind; /* bytes written since it was last told to */
};

/* Begins to write to fd, which stays the caller's. */
void line_writer_open(struct line_writer *writer, int fd, const char *name);

/* Writes everything out. A write that fails ends the program (74), named by the writer's name. */
void line_flush(struct line_writer *writer);

/* Writes the first size bytes out, of a writer that is held. */
void line_release(struct line_writer *writer, size_t size);

/* Makes room for size bytes (flushing what is there if need be) and returns where they go; the caller adds to
 * writer->size what it wrote. LINE_SLACK bytes behind them may be written as well, and are lost. */
char *line_reserve_more(struct line_writer *writer, size_t size);
static inline char *line_reserve(struct line_writer *writer, size_t size)
{
    return writer->room - writer->size >= size ? writer->data + writer->size : line_reserve_more(writer, size);
}

/* Copies what has LINE_SLACK bytes behind it, or 32 in all, as a part of a reader's block has, to where a writer has
 * reserved room; and returns the end of the copy. Short ones, which are the rule, are copied with what is behind. */
static inline char *line_copy(char *to, struct bytes bytes)
{
    if (bytes.size <= 32)
        memcpy(to, bytes.data, 32);
    else
        memcpy(to, bytes.data, bytes.size);
    return to + bytes.size;
}

static inline void line_add(struct line_writer *writer, struct bytes bytes)
{
    bytes_copy(line_reserve(writer, bytes.size), bytes);
    writer->size += bytes.size;
}

#endif
