/* bytes: data as pointer and length, and the buffer that grows.
 *
 * Nothing here is a C string: any byte may stand anywhere, and a length of zero is legal everywhere. */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A view: borrowed, never freed. data is NULL only where a header says that "none" is a possible answer. */
struct bytes {
    const char *data;
    size_t size;
};

/* Bytes that are owned and grow. All zero is an empty one. */
struct buffer {
    char *data;
    size_t size; /* in use */
    size_t room; /* allocated */
};

/* The view of a C string; of NULL, the empty view. */
static inline struct bytes bytes_of(const char *string)
{
    return (struct bytes){string, string != NULL ? strlen(string) : 0};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* The view of what a buffer holds, valid until the buffer next changes. */
static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
    return (struct bytes){buffer->data, buffer->size};
}

/* Makes room for size more bytes behind those in use, and returns where they go; the caller adds to
 * buffer->size what it wrote. Out of memory ends the program (71). */
char *buffer_reserve(struct buffer *buffer, size_t size);

/* Appends; the bytes must not lie in the buffer itself. */
void buffer_add(struct buffer *buffer, struct bytes bytes);

/* Appends one byte. */
void buffer_add_byte(struct buffer *buffer, char byte);

/* Appends as printf does, without the NUL. */
__attribute__((format(printf, 2, 3))) void buffer_print(struct buffer *buffer, const char *format, ...);

/* Frees the memory and leaves an empty buffer. */
void buffer_free(struct buffer *buffer);

/* malloc and realloc that end the program (71) where there is no memory. */
void *bytes_allocate(size_t size);
void *bytes_reallocate(void *memory, size_t size);

#endif
