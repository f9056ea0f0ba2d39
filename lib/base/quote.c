#include "base/quote.h"

enum { QUOTED_MAX = 80 };

/* Returns the length of the UTF-8 sequence that data begins with, or 0 if it begins with ASCII or something else. */
static size_t utf8_sequence(const unsigned char *data, size_t size)
{
    size_t length = data[0] >= 0xf0 && data[0] <= 0xf4 ? 4 : data[0] >= 0xe0 ? 3 : data[0] >= 0xc2 ? 2 : 0;
    if (data[0] > 0xf4 || length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((data[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

void quote_add(struct buffer *buffer, struct bytes bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t size = bytes.size < QUOTED_MAX ? bytes.size : QUOTED_MAX;
    buffer_add_byte(buffer, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = data[i];
        size_t sequence;
        if (byte == '\t' || byte == '\n' || byte == '\r')
            buffer_print(buffer, "\\%c", byte == '\t' ? 't' : byte == '\n' ? 'n' : 'r');
        else if (byte == '"' || byte == '\\')
            buffer_print(buffer, "\\%c", byte);
        else if (byte >= 0x20 && byte < 0x7f)
            buffer_add_byte(buffer, (char)byte);
        else if (byte >= 0x80 && (sequence = utf8_sequence(data + i, bytes.size - i)) > 0) {
            buffer_add(buffer, (struct bytes){bytes.data + i, sequence});
            i += sequence - 1;
        } else
            buffer_print(buffer, "\\x%02x", byte);
    }
    if (bytes.size > QUOTED_MAX)
        buffer_add(buffer, bytes_of("..."));
    buffer_add_byte(buffer, '"');
}
