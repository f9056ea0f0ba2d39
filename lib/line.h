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
    LINE_READ = 128 * 1024,  /* bytes asked of one read: they stay in the processor's cache until they are taken */
    LINE_WRITE = 512 * 1024, /* bytes buffered for one write: larger ones wake others and ask the disk less often */
    LINE_SLACK = 64          /* bytes that may be read behind a reader's block, and written behind a writer's room */
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

/* A bit for each byte of a word, the lowest first: whether it is 0. */
static inline uint64_t line_zeros(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    word = ~(((word & ones * 0x7f) + ones * 0x7f) | word) & ones * 0x80;
    return (word >> 7) * 0x0102040810204080 >> 56;
}

/* A bit for each of eight bytes, the first the lowest: whether it is that byte. */
static inline uint64_t line_mask_eight(const char *at, char byte)
{
#ifdef __SSE2__
    const __m128i block = _mm_loadl_epi64((const __m128i *)at);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(byte))) & 0xff;
#else
    return line_zeros(bytes_load_eight(at) ^ (uint64_t)0x0101010101010101 * (unsigned char)byte);
#endif
}

/* The same for 16 bytes, and for 64. */
static inline uint64_t line_mask_sixteen(const char *at, char byte)
{
#ifdef __SSE2__
    const __m128i block = _mm_loadu_si128((const __m128i *)at);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(byte)));
#else
    return line_mask_eight(at, byte) | line_mask_eight(at + 8, byte) << 8;
#endif
}

static inline uint64_t line_mask(const char *at, char byte)
{
    return line_mask_sixteen(at, byte) | line_mask_sixteen(at + 16, byte) << 16 |
           line_mask_sixteen(at + 32, byte) << 32 | line_mask_sixteen(at + 48, byte) << 48;
}

/* A bit for each of the 16 bytes at two places: whether they are the same. */
static inline uint64_t line_equal_sixteen(const char *a, const char *b)
{
#ifdef __SSE2__
    const __m128i block = _mm_loadu_si128((const __m128i *)a);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_loadu_si128((const __m128i *)b)));
#else
    return line_zeros(bytes_load_eight(a) ^ bytes_load_eight(b)) |
           line_zeros(bytes_load_eight(a + 8) ^ bytes_load_eight(b + 8)) << 8;
#endif
}

/* The place of the first such byte in [at, end), or end. The first of them are looked at sixteen or eight at a time:
 * most of what is looked for is near, nearer than a call is worth. */
static inline const char *line_find(const char *at, const char *end, char byte)
{
    for (int i = 0; i < 2 && end - at >= 16; i++, at += 16) {
        const uint64_t mask = line_mask_sixteen(at, byte);
        if (mask != 0)
            return at + __builtin_ctzll(mask);
    }
    if (end - at >= 8) {
        const uint64_t mask = line_mask_eight(at, byte);
        if (mask != 0)
            return at + __builtin_ctzll(mask);
        at += 8;
    }
    const char *found = at < end ? memchr(at, byte, (size_t)(end - at)) : NULL;
    return found != NULL ? found : end;
}

/* Whether there is such a byte in them. */
static inline bool line_holds(struct bytes bytes, char byte)
{
    const char *end = bytes.data + bytes.size;
    return line_find(bytes.data, end, byte) != end;
}

/* The places of a byte, one after the other: 64 bytes are looked at together, so that where one is found needs not be
 * known before the next is looked for. */
struct line_scan {
    const char *at; /* the 64 bytes at hand, or fewer before end */
    const char *end;
    char byte;
    uint64_t mask; /* of those of them that were not given yet */
};

static inline void line_scan_look(struct line_scan *scan)
{
    const ptrdiff_t left = scan->end - scan->at;
    scan->mask = line_mask(scan->at, scan->byte);
    if (left < 64)
        scan->mask &= ((uint64_t)1 << left) - 1;
}

/* Begins to look for the byte in [at, end), behind which LINE_SLACK bytes may be read. */
static inline struct line_scan line_scan_begin(const char *at, const char *end, char byte)
{
    struct line_scan scan = {.at = at, .end = end, .byte = byte};
    line_scan_look(&scan);
    return scan;
}

/* The next place, or end. */
static inline const char *line_scan_next(struct line_scan *scan)
{
    while (scan->mask == 0) {
        if (scan->end - scan->at <= 64)
            return scan->end;
        scan->at += 64;
        line_scan_look(scan);
    }
    const char *found = scan->at + __builtin_ctzll(scan->mask);
    scan->mask &= scan->mask - 1;
    return found;
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

/* Makes the pipe at fd larger where the system can: fewer switches between stages. No pipe, no effect. */
void line_widen_pipe(int fd);

#endif
