#include "bytes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message.h"

void *bytes_allocate(size_t size)
{
    return bytes_reallocate(NULL, size);
}

void *bytes_reallocate(void *memory, size_t size)
{
    void *moved = realloc(memory, size > 0 ? size : 1);
    if (moved == NULL)
        message_fail(STATUS_SYSTEM, "out of memory: %zu bytes were wanted", size);
    return moved;
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
    char *to = buffer_reserve(buffer, bytes.size);
    if (bytes.size > 0)
        memcpy(to, bytes.data, bytes.size);
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

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
