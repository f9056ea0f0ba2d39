#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/message.h"
#include "base/utf8.h"

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
    const char *at = bytes.data, *const end = at + bytes.size;
    uint32_t code;
    while (at < end) {
        if ((unsigned char)*at - 1u < 0x7f) {
            at++;
            continue;
        }
        const size_t size = *at != '\0' ? utf8_read(at, end, &code) : 0;
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}
