#include "wire/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/descriptor.h"
#include "base/message.h"

enum { BEHIND = 16 * 1024 * 1024 }; /* bytes written before the disk is told to begin with them */

void line_reader_open(struct line_reader *reader, int fd, size_t limit)
{
    *reader = (struct line_reader){.fd = fd, .limit = limit, .room = LINE_READ};
    reader->data = bytes_allocate(reader->room + LINE_SLACK);
}

void line_reader_close(struct line_reader *reader)
{
    free(reader->data);
    *reader = (struct line_reader){.fd = -1};
}

/* Moves the bytes not taken yet to the front, and makes the block larger if they fill more than half of it. */
static void make_room(struct line_reader *reader)
{
    size_t left = reader->end - reader->start;
    if (left > 0 && reader->start > 0)
        memmove(reader->data, reader->data + reader->start, left);
    reader->start = 0;
    reader->end = left;
    if (left > reader->room / 2) {
        reader->room *= 2;
        reader->data = bytes_reallocate(reader->data, reader->room + LINE_SLACK);
    }
}

ssize_t line_fill(struct line_reader *reader)
{
    if (reader->end - reader->start > reader->limit) {
        errno = EMSGSIZE;
        return -1;
    }
    if (reader->start == reader->end)
        reader->start = reader->end = 0;
    else if (reader->start > 0 || reader->end == reader->room)
        make_room(reader);
    ssize_t n = read(reader->fd, reader->data + reader->end, reader->room - reader->end);
    if (n > 0)
        reader->end += (size_t)n;
    return n;
}

void line_writer_open(struct line_writer *writer, int fd, const char *name)
{
    *writer = (struct line_writer){.fd = fd, .name = name, .room = LINE_WRITE};
    writer->data = bytes_allocate(writer->room + LINE_SLACK);
}

/* Tells the disk to begin, so that the sync at the end has less to wait for. */
static void write_behind(struct line_writer *writer, size_t size)
{
    writer->behind += size;
    if (!writer->synced || writer->behind < BEHIND)
        return;
    writer->behind = 0;
#ifdef SYNC_FILE_RANGE_WRITE
    sync_file_range(writer->fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* a hint: the sync reports what fails */
#endif
}

static void write_out(struct line_writer *writer, size_t size)
{
    CRASH_POINT("write: before");
    if (!descriptor_write(writer->fd, writer->data, size))
        message_fail(STATUS_IO, "%s: cannot be written: %s", writer->name, strerror(errno));
    CRASH_POINT("write: after");
    write_behind(writer, size);
}

void line_flush(struct line_writer *writer)
{
    if (writer->held)
        return;
    write_out(writer, writer->size);
    writer->size = 0;
}

void line_release(struct line_writer *writer, size_t size)
{
    write_out(writer, size);
    memmove(writer->data, writer->data + size, writer->size - size);
    writer->size -= size;
}

char *line_reserve_more(struct line_writer *writer, size_t size)
{
    line_flush(writer);
    if (writer->room - writer->size < size) {
        while (writer->room - writer->size < size)
            writer->room *= 2;
        writer->data = bytes_reallocate(writer->data, writer->room + LINE_SLACK);
    }
    return writer->data + writer->size;
}
