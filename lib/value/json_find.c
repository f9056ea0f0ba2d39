#include "value/json_find.h"

#include "base/hex.h"
#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What is read, and what for. */
struct reader {
    const char *start, *end;
    const struct json_step *stop; /* behind the last step */
    struct json_value *found;
    struct json_fault *fault;
};

/* Each function that reads something takes the place where it begins, and returns the place behind it, or NULL if it is
 * not JSON: then the reader's fault is set. A step NULL says that nothing in the value is looked for; the reader's
 * stop, that it is the value itself. */

__attribute__((cold, noinline)) static const char *fail(const struct reader *reader, const char *at, const char *why)
{
    *reader->fault = (struct json_fault){why, (size_t)(at - reader->start), at == reader->end};
    return NULL;
}

/* At the end of the text, NUL, which has no meaning in JSON. */

static inline char byte_at(const char *at, const char *end)
{
    return at < end ? *at : '\0';
}

static inline bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

static inline const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && *at <= ' ' && is_blank(*at))
        at++;
    return at;
}

#ifdef __SSE2__
/* The quotes, backslashes and control characters among 16 bytes, as bits. */
static inline unsigned specials_of(const char *at)
{
    const __m128i block = _mm_loadu_si128((const __m128i *)at), controls = _mm_set1_epi8(' ' - 1);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))),
        _mm_cmpeq_epi8(_mm_max_epu8(block, controls), controls)));
}
#endif

/* Returns the first quote, backslash or control character, or end. The bytes from start on, which is not behind at, can
 * be read. */
static inline const char *find_special(const char *at, const char *end, const char *start)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        const unsigned found = specials_of(at);
        if (found != 0)
            return at + __builtin_ctz(found);
    }
    if (end - start >= 16) {
        /* The last 16 bytes, without those before at. */
        const unsigned found = specials_of(end - 16) >> (16 - (end - at));
        return found != 0 ? at + __builtin_ctz(found) : end;
    }
#else
    (void)start;
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

static const char *skip_escape(const struct reader *reader, const char *at)
{
    const char code = byte_at(at + 1, reader->end);
    if (code == '\0' || strchr("\"\\/bfnrtu", code) == NULL)
        return fail(reader, at + 1, "one of \"\\/bfnrtu is expected behind a backslash");
    at += 2;
    for (int i = 0; code == 'u' && i < 4; i++, at++)
        if (hex_value(byte_at(at, reader->end)) < 0)
            return fail(reader, at, "a hexadecimal digit is expected");
    return at;
}

static const char *fail_in_string(const struct reader *reader, const char *at)
{
    return fail(reader, at,
                at == reader->end ? "a quote that ends the string is expected"
                                  : "a control character in a string is expected as an escape");
}

__attribute__((noinline)) static const char *read_string(const struct reader *reader, const char *at, bool *escaped)
{
    at = find_special(at + 1, reader->end, reader->start);
    *escaped = false;
    while (byte_at(at, reader->end) == '\\') {
        *escaped = true;
        at = skip_escape(reader, at);
        if (at == NULL)
            return NULL;
        at = find_special(at, reader->end, reader->start);
    }
    return byte_at(at, reader->end) == '"' ? at + 1 : fail_in_string(reader, at);
}

static inline bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

static const char *read_digits(const struct reader *reader, const char *at)
{
    const char *const behind = skip_digits(at, reader->end);
    return behind > at ? behind : fail(reader, at, "a digit is expected");
}

/* Reads what follows the digits before the point. */
static const char *read_fraction(const struct reader *reader, const char *at)
{
    if (*at == '.') {
        at = read_digits(reader, at + 1);
        if (at == NULL || (byte_at(at, reader->end) | 0x20) != 'e')
            return at;
    }
    at++;
    const char sign = byte_at(at, reader->end);
    return read_digits(reader, at + (sign == '+' || sign == '-'));
}

static inline const char *read_number(const struct reader *reader, const char *at)
{
    const char *const end = reader->end;
    at += *at == '-';
    const char *const digits = at;
    at = skip_digits(at, end);
    if (at == digits)
        return fail(reader, at, "a digit is expected");
    if (*digits == '0' && at > digits + 1)
        return fail(reader, digits + 1, "no digit is expected behind a 0 at the start of a number");
    return at < end && (*at == '.' || (*at | 0x20) == 'e') ? read_fraction(reader, at) : at;
}

static inline const char *read_word(const struct reader *reader, const char *at, struct bytes word)
{
    return (size_t)(reader->end - at) >= word.size && memcmp(at, word.data, word.size) == 0
               ? at + word.size
               : fail(reader, at, "a value is expected");
}

/* Decodes the escape at `at` into the character that it stands for, UTF-8 of *size bytes, and returns the place behind
 * it; NULL if it is a surrogate alone. */
static const char *decode(const char *at, const char *end, char character[UTF8_MOST], size_t *size)
{
    static const char codes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint32_t units[2] = {0, 0};
    *size = 1;
    if (at[1] != 'u') {
        *character = meant[strchr(codes, at[1]) - codes];
        return at + 2;
    }
    int count = 0;
    for (; count < 2 && end - at >= 6 && at[0] == '\\' && at[1] == 'u'; count++, at += 6)
        for (int i = 2; i < 6; i++)
            units[count] = units[count] << 4 | (uint32_t)hex_value(at[i]);
    uint32_t code = units[0];
    if (code >= 0xd800 && code < 0xdc00 && units[1] >= 0xdc00 && units[1] < 0xe000)
        code = 0x10000 + ((code - 0xd800) << 10) + (units[1] - 0xdc00);
    else if (code >= 0xd800 && code < 0xe000)
        return NULL;
    else
        at -= 6 * (count - 1);
    *size = utf8_write(code, character);
    return at;
}

bool json_unescape(struct bytes string, char *to, struct bytes *text)
{
    const struct bytes content = json_between_quotes(string);
    const char *at = content.data, *const end = at + content.size;
    char *const start = to;
    for (;;) {
        const char *const escape = at < end ? memchr(at, '\\', (size_t)(end - at)) : NULL;
        to = bytes_copy(to, (struct bytes){at, (size_t)((escape != NULL ? escape : end) - at)});
        if (escape == NULL)
            break;
        char character[UTF8_MOST];
        size_t size;
        at = decode(escape, end, character, &size);
        if (at == NULL) {
            *text = (struct bytes){escape, 6};
            return false;
        }
        memcpy(to, character, size);
        to += size;
    }
    *text = (struct bytes){start, (size_t)(to - start)};
    return true;
}

/* Whether a name with escapes, without its quotes, is the one sought. */
static bool is_name_escaped(struct bytes escaped, struct bytes name)
{
    const char *at = escaped.data, *const end = at + escaped.size;
    char character[UTF8_MOST];
    for (size_t size; at < end; name.data += size, name.size -= size) {
        size = 1;
        if (*at != '\\')
            *character = *at++;
        else
            at = decode(at, end, character, &size);
        if (at == NULL || size > name.size || memcmp(character, name.data, size) != 0)
            return false;
    }
    return name.size == 0;
}

bool json_is_name(const struct json_value *string, struct bytes text)
{
    const struct bytes content = json_between_quotes(string->text);
    return string->escaped ? is_name_escaped(content, text) : bytes_equal(content, text);
}

static const char *read_any(const struct reader *reader, const char *at, unsigned level, const struct json_step *step);

/* Reads a string without escapes, a number of digits alone that does not begin with 0, or true, as most values are.
 * Returns NULL if it is another value, or not JSON. */
static inline const char *read_plain(const struct reader *reader, const char *at, const struct json_step *step)
{
    const char *const start = at, *const end = reader->end;
    struct json_value value = {.kind = JSON_STRING};
    if (at == end)
        return NULL;
    if (*at == '"') {
        at = find_special(at + 1, end, reader->start);
        if (at == end || *at++ != '"')
            return NULL;
    } else if (*at == 't') {
        if (end - at < 4 || memcmp(at, "true", 4) != 0)
            return NULL;
        at += 4;
        value.kind = JSON_TRUE;
    } else {
        if (*at < '1' || *at > '9')
            return NULL;
        at = skip_digits(at + 1, end);
        if (at == end || (*at != ',' && *at != '}'))
            return NULL;
        value.kind = JSON_NUMBER;
    }
    if (step == reader->stop) {
        value.text = (struct bytes){start, (size_t)(at - start)};
        *reader->found = value;
    }
    return at;
}

static const char *read_value(const struct reader *reader, const char *at, unsigned level, const struct json_step *step)
{
    return read_any(reader, skip_blanks(at, reader->end), level, step);
}

static const char *read_object(const struct reader *reader, const char *at, unsigned level,
                               const struct json_step *step)
{
    const char *const end = reader->end;
    if (level == JSON_LEVELS)
        return fail(reader, at, "no deeper level than 1000 is expected");
    if (step != NULL && step->name.data == NULL)
        step = NULL;
    at = skip_blanks(at + 1, end);
    if (byte_at(at, end) == '}')
        return at + 1;
    for (;;) {
        if (byte_at(at, end) != '"')
            return fail(reader, at, "a name in quotes is expected");
        const char *const name = at + 1;
        bool escaped = false;
        at = find_special(name, end, reader->start);
        if (at < end && *at == '"')
            at++;
        else if ((at = read_string(reader, name - 1, &escaped)) == NULL)
            return NULL;
        const struct json_step *further = NULL;
        if (step != NULL) {
            const struct bytes content = {name, (size_t)(at - 1 - name)};
            if (escaped ? is_name_escaped(content, step->name) : bytes_equal(content, step->name)) {
                reader->found->kind = JSON_NONE; /* an earlier member of that name does not count */
                further = step + 1;
            }
        }
        at = skip_blanks(at, end);
        if (byte_at(at, end) != ':')
            return fail(reader, at, "a colon is expected");
        const char *const plain = read_plain(reader, at + 1, further);
        at = plain != NULL ? plain : read_value(reader, at + 1, level + 1, further);
        if (at == NULL)
            return NULL;
        if (end - at > 1 && at[0] == ',' && at[1] == '"') { /* most often */
            at++;
            continue;
        }
        at = skip_blanks(at, end);
        const char next = byte_at(at, end);
        if (next == '}')
            return at + 1;
        if (next != ',')
            return fail(reader, at, "a comma or } is expected");
        at = skip_blanks(at + 1, end);
    }
}

/* Reads an array, and looks for something in the element of that index. Sets *count to the number of elements. */
static const char *read_elements(const struct reader *reader, const char *at, unsigned level, int64_t index,
                                 const struct json_step *step, int64_t *count)
{
    const char *const end = reader->end;
    *count = 0;
    at = skip_blanks(at + 1, end);
    if (byte_at(at, end) == ']')
        return at + 1;
    for (;;) {
        at = read_value(reader, at, level + 1, (*count)++ == index ? step : NULL);
        if (at == NULL)
            return NULL;
        at = skip_blanks(at, end);
        const char next = byte_at(at, end);
        if (next == ']')
            return at + 1;
        if (next != ',')
            return fail(reader, at, "a comma or ] is expected");
        at++;
    }
}

static const char *read_array(const struct reader *reader, const char *at, unsigned level, const struct json_step *step)
{
    int64_t count;
    if (level == JSON_LEVELS)
        return fail(reader, at, "no deeper level than 1000 is expected");
    if (step == NULL || step->name.data != NULL)
        return read_elements(reader, at, level, -1, NULL, &count);
    if (!step->from_end)
        return read_elements(reader, at, level, step->index, step + 1, &count);
    const char *const behind = read_elements(reader, at, level, -1, NULL, &count);
    if (behind != NULL && step->index > 0 && step->index <= count)
        read_elements(reader, at, level, count - step->index, step + 1, &count);
    return behind;
}

static const char *read_any(const struct reader *reader, const char *at, unsigned level, const struct json_step *step)
{
    const char *const start = at;
    const bool wanted = step == reader->stop;
    if (wanted)
        step = NULL;
    enum json_kind kind = JSON_NUMBER;
    bool escaped = false;
    switch (byte_at(at, reader->end)) {
    case '"':
        kind = JSON_STRING;
        at = read_string(reader, at, &escaped);
        break;
    case '{':
        kind = JSON_OBJECT;
        at = read_object(reader, at, level, step);
        break;
    case '[':
        kind = JSON_ARRAY;
        at = read_array(reader, at, level, step);
        break;
    case 't':
        kind = JSON_TRUE;
        at = read_word(reader, at, (struct bytes){"true", 4});
        break;
    case 'f':
        kind = JSON_FALSE;
        at = read_word(reader, at, (struct bytes){"false", 5});
        break;
    case 'n':
        kind = JSON_NULL;
        at = read_word(reader, at, (struct bytes){"null", 4});
        break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        at = read_number(reader, at);
        break;
    default:
        return fail(reader, at, "a value is expected");
    }
    if (wanted && at != NULL)
        *reader->found = (struct json_value){kind, escaped, {start, (size_t)(at - start)}};
    return at;
}

static const struct json_step no_steps[1];

bool json_find(struct bytes text, const struct json_step *steps, size_t count, struct json_value *found,
               struct json_fault *fault)
{
    if (count == 0)
        steps = no_steps;
    found->kind = JSON_NONE;
    fault->why = NULL;
    const struct reader reader = {text.data, text.data + text.size, steps + count, found, fault};
    const char *at = read_value(&reader, text.data, 0, steps);
    if (at == NULL)
        return false;
    at = skip_blanks(at, reader.end);
    return at == reader.end || fail(&reader, at, "the end is expected") != NULL;
}

void json_fault_add(struct buffer *message, const struct json_fault *fault)
{
    buffer_print(message, "is not JSON: %s at ", fault->why);
    if (fault->at_end)
        buffer_print(message, "its end");
    else
        buffer_print(message, "byte %zu", fault->place + 1);
}

struct json_walk json_walk(struct bytes text)
{
    return (struct json_walk){text.data + 1, text.data + text.size, *text.data == '{'};
}

bool json_next(struct json_walk *walk, struct json_value *name, struct json_value *value)
{
    struct json_fault fault;
    value->kind = JSON_NONE;
    const struct reader reader = {walk->at, walk->end, no_steps, value, &fault};
    const char *at = skip_blanks(walk->at, walk->end);
    if (*at == '}' || *at == ']')
        return false;
    if (walk->object) {
        const char *const start = at;
        at = read_string(&reader, at, &name->escaped);
        name->kind = JSON_STRING;
        name->text = (struct bytes){start, (size_t)(at - start)};
        at = skip_blanks(at, walk->end) + 1;
    }
    at = skip_blanks(read_value(&reader, at, 0, no_steps), walk->end);
    walk->at = at + (*at == ',');
    return true;
}

void json_add_compact(struct buffer *out, struct bytes text)
{
    const char *at = text.data, *const end = at + text.size;
    char *to = buffer_reserve(out, text.size);
    char *const start = to;
    while (at < end) {
        if (*at == '"') {
            const char *const string = at;
            at = find_special(at + 1, end, text.data);
            while (*at == '\\')
                at = find_special(at + 2, end, text.data);
            at++;
            to = bytes_copy(to, (struct bytes){string, (size_t)(at - string)});
        } else {
            *to = *at;
            to += !is_blank(*at++);
        }
    }
    out->size += (size_t)(to - start);
}
