/* Functions of texts. Those that count characters take UTF-8 alone; their twins octet_... take any bytes. */
#include <locale.h>
#include <wctype.h>

#include "base/hex.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "expr/draft.h"
#include "expr/format.h"

/* --- characters --------------------------------------------------------------------------------------------------- */

/* Sets *text to an argument that must be UTF-8, and *count to its characters. Returns false, and has failed, if it is
 * not; twin is what to write instead. */
static bool call_characters(struct call *call, size_t index, const char *twin, struct bytes *text, size_t *count)
{
    if (!call_text(call, index, text))
        return false;
    return utf8_count(*text, count) || call_fail_about(call, call_argument(call, index), "is not UTF-8: %s", twin);
}

static bool call_length(struct call *call, struct datum *result)
{
    struct bytes text;
    size_t count;
    return call_characters(call, 0, "octet_length(x) counts bytes", &text, &count) &&
           give_integer(result, (int64_t)count);
}

static bool call_octet_length(struct call *call, struct datum *result)
{
    struct bytes text;
    return call_text(call, 0, &text) && give_integer(result, (int64_t)text.size);
}

/* The part of size characters, of which the text has count, that SQLite's substr gives: *first is counted from 0. */
static void find_part(int64_t start, int64_t size, int64_t count, size_t *first, size_t *characters)
{
    const bool backwards = size < 0;
    if (backwards)
        size = -size;
    if (start < 0) {
        start += count;
        if (start < 0) {
            size = size + start > 0 ? size + start : 0;
            start = 0;
        }
    } else if (start > 0) {
        start--;
    } else if (size > 0) {
        size--;
    }
    if (backwards) {
        start -= size;
        if (start < 0) {
            size += start;
            start = 0;
        }
    }
    const int64_t end = start + size < count ? start + size : count;
    *first = (size_t)(start < end ? start : 0);
    *characters = (size_t)(start < end ? end - start : 0);
}

/* Reads the second and third argument of substr. */
static bool call_part(struct call *call, size_t count, size_t *first, size_t *characters)
{
    const int64_t most = INT64_MAX / 4;
    int64_t start, size = most;
    if (!call_integer(call, 1, "a whole number: where the part begins", -most, most, &start) ||
        (call->count == 3 && !call_integer(call, 2, "a whole number: the size of the part", -most, most, &size)))
        return false;
    find_part(start, size, (int64_t)count, first, characters);
    return true;
}

static bool call_substr(struct call *call, struct datum *result)
{
    struct bytes text;
    size_t count, first, characters;
    if (!call_characters(call, 0, "octet_substr(x, n) counts bytes", &text, &count) ||
        !call_part(call, count, &first, &characters))
        return false;
    if (count == text.size)
        return give_text(result, (struct bytes){text.data + first, characters});
    const char *end = text.data + text.size, *at = utf8_skip(text.data, end, first);
    return give_text(result, (struct bytes){at, (size_t)(utf8_skip(at, end, characters) - at)});
}

static bool call_octet_substr(struct call *call, struct datum *result)
{
    struct bytes text;
    size_t first, size;
    return call_text(call, 0, &text) && call_part(call, text.size, &first, &size) &&
           give_text(result, (struct bytes){text.data + first, size});
}

/* Returns the first place in text that holds part, or NULL. */
static const char *find(struct bytes text, struct bytes part)
{
    return part.size == 0 ? text.data : memmem(text.data, text.size, part.data, part.size);
}

static bool call_instr(struct call *call, struct datum *result)
{
    struct bytes text, part;
    size_t count;
    const char *twin = "octet_instr(x, y) counts bytes";
    if (!call_characters(call, 0, twin, &text, &count) || !call_characters(call, 1, twin, &part, &count))
        return false;
    const char *found = find(text, part);
    if (found == NULL)
        return give_integer(result, 0);
    (void)utf8_count((struct bytes){text.data, (size_t)(found - text.data)}, &count);
    return give_integer(result, (int64_t)count + 1);
}

static bool call_octet_instr(struct call *call, struct datum *result)
{
    struct bytes text, part;
    if (!call_text(call, 0, &text) || !call_text(call, 1, &part))
        return false;
    const char *found = find(text, part);
    return give_integer(result, found != NULL ? found - text.data + 1 : 0);
}

static bool call_unicode(struct call *call, struct datum *result)
{
    struct bytes text;
    uint32_t code;
    if (!call_text(call, 0, &text))
        return false;
    if (text.size == 0)
        return give_null(result);
    if (utf8_read(text.data, text.data + text.size, &code) == 0)
        return call_fail_about(call, call_argument(call, 0), "is not UTF-8: hex(octet_substr(x, 1, 1)) shows a byte");
    return give_integer(result, code);
}

static bool call_char(struct call *call, struct datum *result)
{
    struct draft draft = {call, NULL, 0, 0};
    char *to = draft_reserve(&draft, UTF8_MOST * call->count);
    if (to == NULL)
        return false;
    for (size_t i = 0; i < call->count; i++) {
        int64_t code;
        const char *what = "the number of a character";
        if (!call_integer(call, i, what, 0, 0x10ffff, &code))
            return false;
        if (code >= 0xd800 && code <= 0xdfff)
            return call_fail_about(call, call_argument(call, i), "is not %s", what);
        draft.size += utf8_write((uint32_t)code, to + draft.size);
    }
    return give_text(result, draft_bytes(&draft));
}

/* --- case --------------------------------------------------------------------------------------------------------- */

/* The case of all characters is asked of the C library; opened once in a process. */
static locale_t all_characters(void)
{
    static locale_t opened;
    if (opened == (locale_t)0)
        opened = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (opened == (locale_t)0)
        opened = newlocale(LC_CTYPE_MASK, "en_US.UTF-8", (locale_t)0);
    return opened;
}

static bool prepare_case(struct call *call, const struct datum *const *known)
{
    (void)known;
    return all_characters() != (locale_t)0 ||
           call_fail(call, "this system has no locale C.UTF-8: octet_lower(x) and octet_upper(x) change ASCII alone");
}

/* Gives the text with the 26 letters from first on in the other case. */
static bool give_ascii_case(struct call *call, struct datum *result, struct bytes text, char first)
{
    char *to = call_room(call, text.size);
    if (to == NULL)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        const unsigned char byte = (unsigned char)text.data[i];
        to[i] = (char)(byte ^ ((unsigned)(byte - first) < 26 ? 0x20 : 0));
    }
    return give_text(result, (struct bytes){to, text.size});
}

static bool give_case(struct call *call, struct datum *result, char first, wint_t (*change)(wint_t, locale_t),
                      const char *twin)
{
    struct bytes text;
    size_t count;
    if (!call_characters(call, 0, twin, &text, &count))
        return false;
    if (count == text.size)
        return give_ascii_case(call, result, text, first);
    const locale_t locale = all_characters();
    struct draft draft = {call, NULL, 0, 0};
    if (draft_reserve(&draft, text.size) == NULL)
        return false;
    for (const char *at = text.data, *end = at + text.size; at < end;) {
        uint32_t code;
        at += utf8_read(at, end, &code);
        char *to = draft_reserve(&draft, UTF8_MOST);
        if (to == NULL)
            return false;
        draft.size += utf8_write((uint32_t)change((wint_t)code, locale), to);
    }
    return give_text(result, draft_bytes(&draft));
}

static bool call_lower(struct call *call, struct datum *result)
{
    return give_case(call, result, 'A', towlower_l, "octet_lower(x) lowers ASCII letters alone");
}

static bool call_upper(struct call *call, struct datum *result)
{
    return give_case(call, result, 'a', towupper_l, "octet_upper(x) raises ASCII letters alone");
}

static bool call_octet_lower(struct call *call, struct datum *result)
{
    struct bytes text;
    return call_text(call, 0, &text) && give_ascii_case(call, result, text, 'A');
}

static bool call_octet_upper(struct call *call, struct datum *result)
{
    struct bytes text;
    return call_text(call, 0, &text) && give_ascii_case(call, result, text, 'a');
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

static bool call_replace(struct call *call, struct datum *result)
{
    struct bytes text, part, with;
    struct draft draft = {call, NULL, 0, 0};
    if (!call_text(call, 0, &text) || !call_text(call, 1, &part) || !call_text(call, 2, &with))
        return false;
    const char *at = text.data, *end = at + text.size, *found;
    while (part.size > 0 && (found = find((struct bytes){at, (size_t)(end - at)}, part)) != NULL) {
        if (!draft_add(&draft, (struct bytes){at, (size_t)(found - at)}) || !draft_add(&draft, with))
            return false;
        at = found + part.size;
    }
    if (at == text.data)
        return give_text(result, text);
    return draft_add(&draft, (struct bytes){at, (size_t)(end - at)}) && give_text(result, draft_bytes(&draft));
}

/* Returns the size of the one of the characters that the text begins with, or, if at_end, ends with. Returns 0 if it is
 * none of them. */
static size_t find_edge(struct bytes text, struct bytes characters, bool at_end)
{
    const char *end = characters.data + characters.size;
    size_t size;
    for (const char *at = characters.data; at < end; at += size) {
        size = utf8_size(at, end);
        if (size <= text.size && memcmp(at_end ? text.data + text.size - size : text.data, at, size) == 0)
            return size;
    }
    return 0;
}

static bool give_trimmed(struct call *call, struct datum *result, bool at_start, bool at_end)
{
    struct bytes text, characters = bytes_of(" ");
    size_t count, size;
    if (!call_text(call, 0, &text) ||
        (call->count == 2 && !call_characters(call, 1, "the characters to trim must be", &characters, &count)))
        return false;
    while (at_start && (size = find_edge(text, characters, false)) > 0)
        text = (struct bytes){text.data + size, text.size - size};
    while (at_end && (size = find_edge(text, characters, true)) > 0)
        text.size -= size;
    return give_text(result, text);
}

static bool call_trim(struct call *call, struct datum *result)
{
    return give_trimmed(call, result, true, true);
}

static bool call_ltrim(struct call *call, struct datum *result)
{
    return give_trimmed(call, result, true, false);
}

static bool call_rtrim(struct call *call, struct datum *result)
{
    return give_trimmed(call, result, false, true);
}

/* Takes the part up to the next delimiter off the front of *rest. Returns false if nothing is left. */
static bool take_part(struct bytes *rest, struct bytes delimiter, struct bytes *part)
{
    if (rest->data == NULL)
        return false;
    const char *end = rest->data + rest->size;
    const char *found = find(*rest, delimiter);
    *part = (struct bytes){rest->data, (size_t)((found != NULL ? found : end) - rest->data)};
    const char *behind = found != NULL ? found + delimiter.size : NULL;
    *rest = (struct bytes){behind, behind != NULL ? (size_t)(end - behind) : 0};
    return true;
}

static bool call_split(struct call *call, struct datum *result)
{
    struct bytes text, delimiter, rest, part;
    int64_t number;
    if (!call_text(call, 0, &text) || !call_text(call, 1, &delimiter) ||
        !call_integer(call, 2, "the number of a part: 1 is the first, -1 the last", INT64_MIN + 1, INT64_MAX, &number))
        return false;
    if (delimiter.size == 0)
        return call_fail(call, "the delimiter is empty: substr(x, n, 1) gives a character");
    if (number == 0)
        return call_fail(call, "0 is not the number of a part: 1 is the first, -1 the last");
    if (number < 0) {
        rest = text;
        while (take_part(&rest, delimiter, &part))
            number++;
        number++; /* counted from the front */
    }
    rest = text;
    for (int64_t left = number; left > 0; left--)
        if (!take_part(&rest, delimiter, &part))
            return give_null(result);
    return number > 0 ? give_input(result, part) : give_null(result);
}

static bool call_concat(struct call *call, struct datum *result)
{
    struct draft draft = {call, NULL, 0, 0};
    for (size_t i = 0; i < call->count; i++) {
        struct bytes text;
        if (call_argument(call, i)->kind != DATUM_NULL && (!call_text(call, i, &text) || !draft_add(&draft, text)))
            return false;
    }
    return give_text(result, draft_bytes(&draft));
}

static bool call_concat_ws(struct call *call, struct datum *result)
{
    struct draft draft = {call, NULL, 0, 0};
    struct bytes separator, text;
    bool first = true;
    if (call_argument(call, 0)->kind == DATUM_NULL)
        return give_null(result);
    if (!call_text(call, 0, &separator))
        return false;
    for (size_t i = 1; i < call->count; i++) {
        if (call_argument(call, i)->kind == DATUM_NULL)
            continue;
        if (!call_text(call, i, &text) || (!first && !draft_add(&draft, separator)) || !draft_add(&draft, text))
            return false;
        first = false;
    }
    return give_text(result, draft_bytes(&draft));
}

/* --- codes -------------------------------------------------------------------------------------------------------- */

static bool call_hex(struct call *call, struct datum *result)
{
    struct bytes text;
    char *hex;
    if (!call_text(call, 0, &text) || (hex = call_room(call, 2 * text.size)) == NULL)
        return false;
    hex_write(text, "0123456789ABCDEF", hex);
    return give_text(result, (struct bytes){hex, 2 * text.size});
}

static bool call_unhex(struct call *call, struct datum *result)
{
    struct bytes text, ignored = {"", 0};
    size_t count;
    if (!call_text(call, 0, &text) ||
        (call->count == 2 && !call_characters(call, 1, "the characters to ignore must be", &ignored, &count)))
        return false;
    char *bytes = call_room(call, text.size / 2), *to = bytes;
    if (bytes == NULL)
        return false;
    for (struct bytes rest = text; rest.size > 0;) {
        const int high = hex_value(*rest.data), low = rest.size > 1 ? hex_value(rest.data[1]) : -1;
        size_t size = 2;
        if (high >= 0 && low >= 0)
            *to++ = (char)(high << 4 | low);
        else if (high >= 0 || (size = find_edge(rest, ignored, false)) == 0)
            return call_fail_about(call, call_argument(call, 0), "is not hexadecimal: two digits for each byte");
        rest = (struct bytes){rest.data + size, rest.size - size};
    }
    return give_text(result, (struct bytes){bytes, (size_t)(to - bytes)});
}

static bool call_soundex(struct call *call, struct datum *result)
{
    static const char codes[] = "01230120022455012623010202"; /* of A to Z */
    struct bytes text;
    char *sound = call_room(call, 4);
    if (sound == NULL || !call_text(call, 0, &text))
        return false;
    size_t size = 0;
    char before = '0';
    for (size_t i = 0; i < text.size && size < 4; i++) {
        const unsigned letter = (unsigned)(text.data[i] | 0x20) - 'a';
        const char code = letter < 26 ? codes[letter] : '0';
        if (size == 0 && letter < 26)
            sound[size++] = (char)('A' + letter);
        else if (size > 0 && code != '0' && code != before)
            sound[size++] = code;
        before = code;
    }
    if (size == 0)
        return give_text(result, bytes_of("?000"));
    memset(sound + size, '0', 4 - size);
    return give_text(result, (struct bytes){sound, 4});
}

const struct function functions_text[] = {
    {"length", 1, 1, RESULT_NUMBER, .call = call_length},
    {"octet_length", 1, 1, RESULT_NUMBER, .call = call_octet_length},
    {"lower", 1, 1, RESULT_TEXT, .call = call_lower, .prepare = prepare_case},
    {"upper", 1, 1, RESULT_TEXT, .call = call_upper, .prepare = prepare_case},
    {"octet_lower", 1, 1, RESULT_TEXT, .call = call_octet_lower},
    {"octet_upper", 1, 1, RESULT_TEXT, .call = call_octet_upper},
    {"substr", 2, 3, RESULT_TEXT, .call = call_substr},
    {"substring", 2, 3, RESULT_TEXT, .call = call_substr},
    {"octet_substr", 2, 3, RESULT_TEXT, .call = call_octet_substr},
    {"instr", 2, 2, RESULT_NUMBER, .call = call_instr},
    {"octet_instr", 2, 2, RESULT_NUMBER, .call = call_octet_instr},
    {"replace", 3, 3, RESULT_TEXT, .call = call_replace},
    {"trim", 1, 2, RESULT_TEXT, .call = call_trim},
    {"ltrim", 1, 2, RESULT_TEXT, .call = call_ltrim},
    {"rtrim", 1, 2, RESULT_TEXT, .call = call_rtrim},
    {"split", 3, 3, RESULT_TEXT, .call = call_split},
    {"concat", 1, SIZE_MAX, RESULT_TEXT, .call = call_concat, .sees_null = true},
    {"concat_ws", 2, SIZE_MAX, RESULT_TEXT, .call = call_concat_ws, .sees_null = true},
    {"unicode", 1, 1, RESULT_NUMBER, .call = call_unicode},
    {"char", 0, SIZE_MAX, RESULT_TEXT, .call = call_char},
    {"hex", 1, 1, RESULT_TEXT, .call = call_hex},
    {"unhex", 1, 2, RESULT_TEXT, .call = call_unhex},
    {"soundex", 1, 1, RESULT_TEXT, .call = call_soundex},
    {"format", 1, SIZE_MAX, RESULT_TEXT, .call = format_call, .prepare = format_prepare, .sees_null = true},
    {"printf", 1, SIZE_MAX, RESULT_TEXT, .call = format_call, .prepare = format_prepare, .sees_null = true},
    {.name = "unistr", .instead = "is not here: write char(n, ...)"},
    {0},
};
