/* scan: finds bytes, many at a time.
 *
 * A mask has a bit for each byte of a block, with the first byte in the lowest bit. */
#ifndef SCAN_H
#define SCAN_H

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/bytes.h"

/* How many bytes a struct scan may read behind its end. */
enum { SCAN_BEYOND = 64 };

/* Returns the mask of the bytes of a word that are 0, with the lowest byte as the first. */
static inline uint64_t scan_zeros(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    word = ~(((word & ones * 0x7f) + ones * 0x7f) | word) & ones * 0x80;
    return (word >> 7) * 0x0102040810204080 >> 56;
}

/* Returns the mask of those of the 8 bytes at `at` that are equal to byte. */
static inline uint64_t scan_mask_eight(const char *at, char byte)
{
#ifdef __SSE2__
    const __m128i block = _mm_loadl_epi64((const __m128i *)at);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(byte))) & 0xff;
#else
    return scan_zeros(bytes_load_eight(at) ^ (uint64_t)0x0101010101010101 * (unsigned char)byte);
#endif
}

/* The same for 16 bytes and, as scan_mask, for 64. */
static inline uint64_t scan_mask_sixteen(const char *at, char byte)
{
#ifdef __SSE2__
    const __m128i block = _mm_loadu_si128((const __m128i *)at);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(byte)));
#else
    return scan_mask_eight(at, byte) | scan_mask_eight(at + 8, byte) << 8;
#endif
}

static inline uint64_t scan_mask(const char *at, char byte)
{
    return scan_mask_sixteen(at, byte) | scan_mask_sixteen(at + 16, byte) << 16 |
           scan_mask_sixteen(at + 32, byte) << 32 | scan_mask_sixteen(at + 48, byte) << 48;
}

/* Returns the mask of those of the 16 bytes at a that are equal to the byte in the same place at b. */
static inline uint64_t scan_equal_sixteen(const char *a, const char *b)
{
#ifdef __SSE2__
    const __m128i block = _mm_loadu_si128((const __m128i *)a);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_loadu_si128((const __m128i *)b)));
#else
    return scan_zeros(bytes_load_eight(a) ^ bytes_load_eight(b)) |
           scan_zeros(bytes_load_eight(a + 8) ^ bytes_load_eight(b + 8)) << 8;
#endif
}

/* Returns the first place in [at, end) that holds byte, or end. Reads nothing outside. The byte is near in most cases,
 * so the first bytes are looked at here, and only the rest by a call of memchr. */
static inline const char *scan_find(const char *at, const char *end, char byte)
{
    for (int i = 0; i < 2 && end - at >= 16; i++, at += 16) {
        const uint64_t mask = scan_mask_sixteen(at, byte);
        if (mask != 0)
            return at + __builtin_ctzll(mask);
    }
    if (end - at >= 8) {
        const uint64_t mask = scan_mask_eight(at, byte);
        if (mask != 0)
            return at + __builtin_ctzll(mask);
        at += 8;
    }
    const char *found = at < end ? memchr(at, byte, (size_t)(end - at)) : NULL;
    return found != NULL ? found : end;
}

/* Returns whether the bytes hold byte. */
static inline bool scan_holds(struct bytes bytes, char byte)
{
    const char *end = bytes.data + bytes.size;
    return scan_find(bytes.data, end, byte) != end;
}

/* The places of a byte, one after the other. 64 bytes are looked at together, so that the processor can look for the
 * next place before it knows the last one. */
struct scan {
    const char *at; /* the block at hand: 64 bytes, or fewer if end comes first */
    const char *end;
    char byte;
    uint64_t mask; /* the places in the block that scan_next has not returned yet */
};

static inline void scan_look(struct scan *scan)
{
    const ptrdiff_t left = scan->end - scan->at;
    scan->mask = scan_mask(scan->at, scan->byte);
    if (left < 64)
        scan->mask &= ((uint64_t)1 << left) - 1;
}

/* Begins to look for byte in [at, end). SCAN_BEYOND bytes behind end must be readable; what they hold does not matter.
 * */
static inline struct scan scan_begin(const char *at, const char *end, char byte)
{
    struct scan scan = {.at = at, .end = end, .byte = byte};
    scan_look(&scan);
    return scan;
}

/* Returns the next place that holds the byte, or end if no place is left. */
static inline const char *scan_next(struct scan *scan)
{
    while (scan->mask == 0) {
        if (scan->end - scan->at <= 64)
            return scan->end;
        scan->at += 64;
        scan_look(scan);
    }
    const char *found = scan->at + __builtin_ctzll(scan->mask);
    scan->mask &= scan->mask - 1;
    return found;
}

#endif
