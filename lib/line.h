/* line: large blocks in and out of descriptors, and the ends of lines in them. */
#ifndef LINE_H
#define LINE_H

#include <stdint.h>
#include <sys/types.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "bytes.h"

enum {
    LINE_BLOCK = 128 * 1024, /* bytes asked of one read, and buffered for one write */
    LINE_SLACK = 64          /* bytes that may be read behind the end of a reader's block, whatever they hold */
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

/* The place of the first such byte in [at, end), or end. The first of them are looked at sixteen or eight at a time:
 * most of what is looked for is near, nearer than a call is worth. */
static inline const char *line_find(const char *at, const char *end, char byte)
{
#ifdef __SSE2__
    enum { WORDS = 1 };
    for (int i = 0; i < 2 && end - at >= 16; i++, at += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)at);
        const unsigned found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(byte)));
        if (found != 0)
            return at + __builtin_ctz(found);
    }
#else
    enum { WORDS = 3 };
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t ones = 0x0101010101010101, pattern = ones * (unsigned char)byte;
    for (int i = 0; i < WORDS && end - at >= 8; i++, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        word ^= pattern;
        word = (word - ones) & ~word & ones * 0x80; /* the lowest bit set is that of the first byte that is 0 */
        if (word != 0)
            return at + __builtin_ctzll(word) / 8;
    }
#endif
    const char *found = at < end ? memchr(at, byte, (size_t)(end - at)) : NULL;
    return found != NULL ? found : end;
}

/* Whether there is such a byte in them. */
static inline bool line_holds(struct bytes bytes, char byte)
{
    const char *end = bytes.data + bytes.size;
    return line_find(bytes.data, end, byte) != end;
}

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
 * writer->size what it wrote. */
char *line_reserve_more(struct line_writer *writer, size_t size);
static inline char *line_reserve(struct line_writer *writer, size_t size)
{
    return writer->room - writer->size >= size ? writer->data + writer->size : line_reserve_more(writer, size);
}

static inline void line_add(struct line_writer *writer, struct bytes bytes)
{
    bytes_copy(line_reserve(writer, bytes.size), bytes);
    writer->size += bytes.size;
}

/* Makes the pipe at fd larger where the system can: fewer switches between stages. No pipe, no effect. */
void line_widen_pipe(int fd);

#endif
