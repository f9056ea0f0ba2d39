/* bytes: data as pointer and length, and a buffer that grows.
 *
 * Data is not a C string: it may hold any byte anywhere, and a length of zero is legal everywhere. */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view: borrowed, never freed. data is NULL only if the contract at hand says what NULL means. */
struct bytes {
    const char *data;
    size_t size;
};

/* Bytes that are owned and grow. All zero is an empty buffer. */
struct buffer {
    char *data;
    size_t size; /* in use */
    size_t room; /* allocated */
};

/* Returns the view of a C string without its NUL; for NULL, the view that is all zero. */
static inline struct bytes bytes_of(const char *string)
{
    return (struct bytes){string, string != NULL ? strlen(string) : 0};
}

/* In headers the copies of a few bytes are written __builtin_memcpy: with _FORTIFY_SOURCE gcc takes a function that
 * calls memcpy for larger than it is, and does not inline it. */

/* Returns whether a and b hold the same bytes. Most views are short, and a call costs more than comparing them here, by
 * loads that overlap: two words cover 8 to 16 bytes, two half words 4 to 7, and the first, the middle and the last byte
 * 1 to 3. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    if (a.size != b.size)
        return false;
    const size_t size = a.size;
    if (size > 16)
        return memcmp(a.data, b.data, size) == 0;
    if (size >= 8) {
        uint64_t first[2], last[2];
        __builtin_memcpy(&first[0], a.data, 8);
        __builtin_memcpy(&first[1], b.data, 8);
        __builtin_memcpy(&last[0], a.data + size - 8, 8);
        __builtin_memcpy(&last[1], b.data + size - 8, 8);
        return first[0] == first[1] && last[0] == last[1];
    }
    if (size >= 4) {
        uint32_t first[2], last[2];
        __builtin_memcpy(&first[0], a.data, 4);
        __builtin_memcpy(&first[1], b.data, 4);
        __builtin_memcpy(&last[0], a.data + size - 4, 4);
        __builtin_memcpy(&last[1], b.data + size - 4, 4);
        return first[0] == first[1] && last[0] == last[1];
    }
    return size == 0 ||
           (a.data[0] == b.data[0] && a.data[size / 2] == b.data[size / 2] && a.data[size - 1] == b.data[size - 1]);
}

/* Returns less than 0, 0, or greater than 0, as a comes before, is equal to, or comes after b: in the order of the
 * bytes as unsigned numbers; if one begins with the other, the shorter comes first. */
static inline int bytes_compare(struct bytes a, struct bytes b)
{
    const int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Copies the bytes to `to`, which must have room for them, and returns the end of the copy. The two places may overlap.
 * Short copies are made as bytes_equal compares; two pairs of words cover 17 to 32 bytes. */
static inline char *bytes_copy(char *to, struct bytes bytes)
{
    const size_t size = bytes.size;
    if (size > 32) {
        __builtin_memmove(to, bytes.data, size);
    } else if (size > 16) {
        struct {
            uint64_t words[2];
        } first, last;
        __builtin_memcpy(&first, bytes.data, 16);
        __builtin_memcpy(&last, bytes.data + size - 16, 16);
        __builtin_memcpy(to, &first, 16);
        __builtin_memcpy(to + size - 16, &last, 16);
    } else if (size >= 8) {
        uint64_t first, last;
        __builtin_memcpy(&first, bytes.data, 8);
        __builtin_memcpy(&last, bytes.data + size - 8, 8);
        __builtin_memcpy(to, &first, 8);
        __builtin_memcpy(to + size - 8, &last, 8);
    } else if (size >= 4) {
        uint32_t first, last;
        __builtin_memcpy(&first, bytes.data, 4);
        __builtin_memcpy(&last, bytes.data + size - 4, 4);
        __builtin_memcpy(to, &first, 4);
        __builtin_memcpy(to + size - 4, &last, 4);
    } else if (size > 0) {
        char first = bytes.data[0], middle = bytes.data[size / 2], last = bytes.data[size - 1];
        to[0] = first;
        to[size / 2] = middle;
        to[size - 1] = last;
    }
    return to + size;
}

/* Returns eight bytes as a word, with the first byte in the lowest place. */
static inline uint64_t bytes_load_eight(const char *data)
{
    uint64_t word;
    __builtin_memcpy(&word, data, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Returns whether the bytes are UTF-8 without a NUL, and so can be read as text by SQLite and by people. */
bool bytes_is_text(struct bytes bytes);

/* Returns the view of all bytes of a buffer. Valid until the buffer next changes. */
static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
    return (struct bytes){buffer->data, buffer->size};
}

/* Puts a NUL behind the bytes, which is not counted in the size, and returns the buffer as a C string. Valid until the
 * buffer next changes. A NUL among the bytes ends the string early. */
const char *buffer_string(struct buffer *buffer);

/* Makes room for size more bytes behind those in use, and returns a pointer to it. The caller adds the number of bytes
 * that it wrote to buffer->size. If memory runs out, the program ends (71). */
char *buffer_reserve(struct buffer *buffer, size_t size);

/* Appends the bytes, which must not lie in the buffer itself. */
void buffer_add(struct buffer *buffer, struct bytes bytes);

/* Appends one byte. */
void buffer_add_byte(struct buffer *buffer, char byte);

/* Appends the text that printf would print, without a NUL. */
__attribute__((format(printf, 2, 3))) void buffer_print(struct buffer *buffer, const char *format, ...);

/* Frees the memory and leaves an empty buffer. */
void buffer_free(struct buffer *buffer);

/* Asks malloc to keep one heap for all threads, so that a thread started later reuses memory that the first one has
 * freed. Only a hint: an allocator that cannot do this ignores it. */
void bytes_share(void);

/* Returns a copy of the bytes with a NUL behind it. The caller frees it. */
char *bytes_string(struct bytes bytes);

/* malloc, aligned_alloc and realloc, but the program ends (71) if memory runs out. The caller frees the memory.
 * bytes_allocate and bytes_reallocate take a size of 0 for 1. */
void *bytes_allocate(size_t size);
void *bytes_allocate_aligned(size_t alignment, size_t size);
void *bytes_reallocate(void *memory, size_t size);

#endif
