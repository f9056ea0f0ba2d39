#include "value/json_find.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "value/number.h"

enum { LEVELS = 64 };

/* The rest of the way from the value at hand to the member, and where to put that. */
struct search {
    const struct bytes *labels;
    size_t count;
    struct json_member *found;
};

/* Each function that reads something takes the place where it begins, and returns the place behind it, or NULL if it is
 * not JSON or has to be left to another reader. */

/* At the end of the text, NUL, which has no meaning in JSON. */

static inline char byte_at(const char *at, const char *end)
{
    return at < end ? *at : '\0';
}

static inline const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && *at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

/* Returns the first quote, backslash or control character, or end. */
static inline const char *find_special(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)at), controls = _mm_set1_epi8(' ' - 1);
        const __m128i special = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))),
            _mm_cmpeq_epi8(_mm_max_epu8(block, controls), controls));
        const unsigned found = (unsigned)_mm_movemask_epi8(special);
        if (found != 0)
            return at + __builtin_ctz(found);
    }
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t ones = 0x0101010101010101;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        /* With the bit of 2 flipped, the quote and the control characters are the bytes up to 0x20. */
        const uint64_t low = word ^ ones * 2, backslash = word ^ ones * '\\';
        const uint64_t special = (((low - ones * 0x21) & ~low) | ((backslash - ones) & ~backslash)) & ones * 0x80;
        if (special != 0) /* higher bits may be wrong, but the lowest is that of the first such byte */
            return at + __builtin_ctzll(special) / 8;
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= ' ')
        at++;
    return at;
}

static const char *skip_escape(const char *at, const char *end)
{
    const char code = byte_at(at + 1, end);
    if (code == '\0' || strchr("\"\\/bfnrtu", code) == NULL)
        return NULL;
    at += 2;
    for (int i = 0; code == 'u' && i < 4; i++, at++)
        if (byte_at(at, end) == '\0' || strchr("0123456789abcdefABCDEF", *at) == NULL)
            return NULL;
    return at;
}

/* Sets *content to the bytes between the quotes; its data is NULL if they have escapes. */
static inline const char *read_string(const char *at, const char *end, struct bytes *content)
{
    const char *const start = at + 1;
    at = find_special(start, end);
    *content = (struct bytes){start, (size_t)(at - start)};
    while (byte_at(at, end) == '\\') {
        content->data = NULL;
        at = skip_escape(at, end);
        if (at == NULL)
            return NULL;
        at = find_special(at, end);
    }
    return byte_at(at, end) == '"' ? at + 1 : NULL;
}

static inline bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline const char *read_number(const char *at, const char *end, struct bytes *text)
{
    const char *const start = at;
    while (at < end && is_digit(*at))
        at++;
    bool whole = at > start && (*start != '0' || at == start + 1);
    for (; at < end && (is_digit(*at) || *at == '-' || *at == '+' || *at == '.' || *at == 'e' || *at == 'E'); at++)
        whole = false;
    *text = (struct bytes){start, (size_t)(at - start)};
    return whole || number_is_json(*text) ? at : NULL;
}

static const char *read_word(const char *at, const char *end, const char *word)
{
    const size_t size = strlen(word);
    return (size_t)(end - at) >= size && memcmp(at, word, size) == 0 ? at + size : NULL;
}

static const char *read_value(const char *at, const char *end, unsigned level, const struct search *search);

/* Reads a name, a colon and a value. If the name is the one looked for, *search becomes NULL, as the first one counts.
 * */
static inline const char *read_member(const char *at, const char *end, unsigned level, const struct search **search)
{
    struct bytes name;
    at = byte_at(at, end) == '"' ? read_string(at, end, &name) : NULL;
    if (at == NULL)
        return NULL;
    at = skip_blanks(at, end);
    if (byte_at(at, end) != ':')
        return NULL;
    if (*search == NULL)
        return read_value(at + 1, end, level, NULL);
    if (name.data == NULL)
        return NULL;
    const struct search *sought = *search;
    if (!bytes_equal(name, sought->labels[0]))
        return read_value(at + 1, end, level, NULL);
    *search = NULL;
    return read_value(at + 1, end, level, &(struct search){sought->labels + 1, sought->count - 1, sought->found});
}

/* Reads an object or an array. search NULL: nothing is looked for in it. */
static const char *read_members(const char *at, const char *end, unsigned level, const struct search *search)
{
    const char close = *at == '{' ? '}' : ']';
    if (level == LEVELS)
        return NULL;
    at = skip_blanks(at + 1, end);
    if (byte_at(at, end) == close)
        return at + 1;
    for (;;) {
        at = close == '}' ? read_member(at, end, level + 1, &search) : read_value(at, end, level + 1, NULL);
        if (at == NULL)
            return NULL;
        at = skip_blanks(at, end);
        const char next = byte_at(at, end);
        if (next == close)
            return at + 1;
        if (next != ',')
            return NULL;
        at = skip_blanks(at + 1, end);
    }
}

/* Reads a value. search NULL: nothing is looked for in it. */
static const char *read_value(const char *at, const char *end, unsigned level, const struct search *search)
{
    const bool wanted = search != NULL && search->count == 0;
    struct json_member value = {.kind = JSON_NUMBER};
    at = skip_blanks(at, end);
    switch (byte_at(at, end)) {
    case '{':
    case '[':
        return wanted ? NULL : read_members(at, end, level, search);
    case '"':
        value.kind = JSON_STRING;
        at = read_string(at, end, &value.text);
        if (wanted && value.text.data == NULL)
            return NULL;
        break;
    case 't':
        value.kind = JSON_TRUE;
        at = read_word(at, end, "true");
        break;
    case 'f':
        value.kind = JSON_FALSE;
        at = read_word(at, end, "false");
        break;
    case 'n':
        value.kind = JSON_NULL;
        at = read_word(at, end, "null");
        break;
    default:
        at = read_number(at, end, &value.text);
    }
    if (wanted)
        *search->found = value;
    return at;
}

bool json_find(struct bytes text, const struct bytes *labels, size_t count, struct json_member *found)
{
    const char *const end = text.data + text.size;
    const char *at = skip_blanks(text.data, end);
    found->kind = JSON_NONE;
    at = byte_at(at, end) == '{' ? read_members(at, end, 0, &(struct search){labels, count, found}) : NULL;
    return at != NULL && skip_blanks(at, end) == end;
}
