#include "value/json.h"

#include "value/number.h"

void json_add_string(struct buffer *out, struct bytes text)
{
    bool text_is_utf8 = bytes_is_text(text);
    buffer_add_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !text_is_utf8)) {
            buffer_print(out, "\\u%04x", byte);
            continue;
        }
        if (byte == '"' || byte == '\\')
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, (char)byte);
    }
    buffer_add_byte(out, '"');
}

void json_add_value(struct buffer *out, struct bytes text)
{
    if (number_is_json(text))
        buffer_add(out, text);
    else
        json_add_string(out, text);
}
