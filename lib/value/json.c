#include "value/json.h"

#include "value/number.h"

static bool is_utf8(struct bytes text)
{
    while (!bytes_is_text(text)) {
        const char *nul = memchr(text.data, '\0', text.size);
        if (nul == NULL || !bytes_is_text((struct bytes){text.data, (size_t)(nul - text.data)}))
            return false;
        text = (struct bytes){nul + 1, text.size - (size_t)(nul + 1 - text.data)};
    }
    return true;
}

static void add_escape(struct buffer *out, char byte)
{
    static const char meant[] = "\"\\\b\f\n\r\t", codes[] = "\"\\bfnrt";
    const char *named = memchr(meant, byte, sizeof meant - 1);
    if (named != NULL)
        buffer_print(out, "\\%c", codes[named - meant]);
    else
        buffer_print(out, "\\u%04x", (unsigned char)byte);
}

/* Appends a string, of which bytes beyond most are written as escapes. */
static void add_string(struct buffer *out, struct bytes text, unsigned char most)
{
    buffer_add_byte(out, '"');
    size_t added = 0;
    for (size_t i = 0; i < text.size; i++) {
        const unsigned char byte = (unsigned char)text.data[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f && byte <= most)
            continue;
        buffer_add(out, (struct bytes){text.data + added, i - added});
        add_escape(out, text.data[i]);
        added = i + 1;
    }
    buffer_add(out, (struct bytes){text.data + added, text.size - added});
    buffer_add_byte(out, '"');
}

bool json_add_text(struct buffer *out, struct bytes text)
{
    if (!is_utf8(text))
        return false;
    add_string(out, text, 0xff);
    return true;
}

void json_add_string(struct buffer *out, struct bytes text)
{
    if (!json_add_text(out, text))
        add_string(out, text, 0x7e);
}

void json_add_value(struct buffer *out, struct bytes text)
{
    if (number_is_json(text))
        buffer_add(out, text);
    else
        json_add_string(out, text);
}
