#include "base/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

size_t utf8_read(const char *at, const char *end, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)at;
    const unsigned first = *bytes;
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    const size_t size = first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
    if (size == 0 || (size_t)(end - at) < size)
        return 0;
    uint32_t value = first & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return size;
}

size_t utf8_write(uint32_t code, char to[UTF8_MOST])
{
    if (code < 0x80) {
        *to = (char)code;
        return 1;
    }
    const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    *to = (char)((0xf00 >> size & 0xff) | code);
    return size;
}

/* Returns the first byte in [at, end) that is not ASCII, or end. */
static const char *skip_ascii(const char *at, const char *end)
{
    while (end - at >= 8 && (bytes_load_eight(at) & HIGH_BITS) == 0)
        at += 8;
    while (at < end && (unsigned char)*at < 0x80)
        at++;
    return at;
}

bool utf8_count(struct bytes text, size_t *count)
{
    const char *at = text.data, *end = at + text.size;
    size_t characters = 0;
    while (at < end) {
        uint32_t code;
        const char *ascii_end = skip_ascii(at, end);
        characters += (size_t)(ascii_end - at);
        at = ascii_end;
        if (at == end)
            break;
        const size_t size = utf8_read(at, end, &code);
        if (size == 0)
            return false;
        characters++;
        at += size;
    }
    *count = characters;
    return true;
}

const char *utf8_skip(const char *at, const char *end, size_t count)
{
    for (; count > 0 && at < end; count--)
        at += utf8_size(at, end);
    return at;
}
