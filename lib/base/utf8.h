/* utf8: the characters of UTF-8 (RFC 3629): no surrogates, no longer form than needed, nothing beyond U+10FFFF. */
#ifndef UTF8_H
#define UTF8_H

#include <stdint.h>

#include "base/bytes.h"

enum { UTF8_MOST = 4 }; /* bytes of a character */

/* Reads the character at `at`, which is before end. Sets *code to its code point and returns its size. Returns 0, and
 * leaves *code unchanged, if no character begins there. */
size_t utf8_read(const char *at, const char *end, uint32_t *code);

/* Writes a code point, which must be one, and returns the size. */
size_t utf8_write(uint32_t code, char to[UTF8_MOST]);

/* Sets *count to the number of characters. Returns false, and leaves *count unchanged, if the text is not UTF-8. */
bool utf8_count(struct bytes text, size_t *count);

/* Returns the place behind the first count characters of [at, end), which is UTF-8, or end if there are fewer. */
const char *utf8_skip(const char *at, const char *end, size_t count);

/* Returns the size of the character at `at`, which is before end: that of UTF-8, or 1 for a byte that is not UTF-8. */
static inline size_t utf8_size(const char *at, const char *end)
{
    uint32_t code;
    if ((unsigned char)*at < 0x80)
        return 1;
    const size_t size = utf8_read(at, end, &code);
    return size > 0 ? size : 1;
}

#endif
