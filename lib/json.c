#include "json.h"

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

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool is_number(struct bytes text)
{
    const char *at = text.data, *const end = at + text.size, *start;
    at += at < end && *at == '-';
    start = at;
    at = skip_digits(at, end);
    if (at == start || (*start == '0' && at - start > 1))
        return false;
    if (at < end && *at == '.') {
        start = ++at;
        at = skip_digits(at, end);
        if (at == start)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        start = at;
        at = skip_digits(at, end);
        if (at == start)
            return false;
    }
    return at == end;
}

void json_add_value(struct buffer *out, struct bytes text)
{
    if (is_number(text))
        buffer_add(out, text);
    else
        json_add_string(out, text);
}
