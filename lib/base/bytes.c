#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/message.h"

void bytes_share(void)
{
#ifdef M_ARENA_MAX
    (void)mallopt(M_ARENA_MAX, 1);
#endif
}

void *bytes_allocate(size_t size)
{
    return bytes_reallocate(NULL, size);
}

static void *there(void *memory, size_t size)
{
    if (memory == NULL)
        message_fail(STATUS_SYSTEM, "out of memory: %zu bytes were wanted", size);
    return memory;
}

void *bytes_allocate_aligned(size_t alignment, size_t size)
{
    return there(aligned_alloc(alignment, size), size);
}

void *bytes_reallocate(void *memory, size_t size)
{
    return there(realloc(memory, size > 0 ? size : 1), size);
}

char *bytes_string(struct bytes bytes)
{
    char *string = bytes_allocate(bytes.size + 1);
    *bytes_copy(string, bytes) = '\0';
    return string;
}

char *buffer_reserve(struct buffer *buffer, size_t size)
{
    if (buffer->room - buffer->size < size) {
        if (size > SIZE_MAX / 4 - buffer->size)
            message_fail(STATUS_SYSTEM, "out of memory: %zu bytes were wanted", size);
        size_t room = buffer->room < 64 ? 64 : buffer->room;
        while (room - buffer->size < size)
            room *= 2;
        buffer->data = bytes_reallocate(buffer->data, room);
        buffer->room = room;
    }
    return buffer->data + buffer->size;
}

void buffer_add(struct buffer *buffer, struct bytes bytes)
{
    if (bytes.size == 0)
        return;
    memcpy(buffer_reserve(buffer, bytes.size), bytes.data, bytes.size);
    buffer->size += bytes.size;
}

void buffer_add_byte(struct buffer *buffer, char byte)
{
    *buffer_reserve(buffer, 1) = byte;
    buffer->size++;
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0)
        message_fail(STATUS_INTERNAL, "the format \"%s\" cannot be printed", format);
    vsnprintf(buffer_reserve(buffer, (size_t)size + 1), (size_t)size + 1, format, again);
    va_end(again);
    buffer->size += (size_t)size;
}

const char *buffer_string(struct buffer *buffer)
{
    *buffer_reserve(buffer, 1) = '\0';
    return buffer->data;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

bool bytes_is_text(struct bytes bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    const unsigned char *end = at + bytes.size;
    while (at < end) {
        if (*at - 1u < 0x7f) {
            at++;
            continue;
        }
        size_t more = *at >= 0xc2 && *at <= 0xdf ? 1 : (*at & 0xf0) == 0xe0 ? 2 : *at >= 0xf0 && *at <= 0xf4 ? 3 : 0;
        if (more == 0 || (size_t)(end - at) <= more)
            return false;
        unsigned code = *at & (0x3fu >> more);
        for (size_t i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (at[i] & 0x3fu);
        }
        if ((more == 2 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
            (more == 3 && (code < 0x10000 || code > 0x10ffff)))
            return false;
        at += more + 1;
    }
    return true;
}
