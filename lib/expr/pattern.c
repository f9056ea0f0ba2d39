#include "expr/pattern.h"

#include "base/scan.h"
#include "base/utf8.h"

/* A pattern, taken apart as it is needed. */
struct reader {
    const char *at, *end;
    int escape;
    bool glob;
};

enum piece { PIECE_END, PIECE_ANY, PIECE_ONE, PIECE_SET, PIECE_LITERAL, PIECE_NEVER };

/* Takes the next piece; *literal is set to the byte of a PIECE_LITERAL. A PIECE_SET begins at reader->at. */
static enum piece next_piece(struct reader *reader, char *literal)
{
    if (reader->at == reader->end)
        return PIECE_END;
    *literal = *reader->at++;
    if (reader->glob)
        return *literal == '*' ? PIECE_ANY : *literal == '?' ? PIECE_ONE : *literal == '[' ? PIECE_SET : PIECE_LITERAL;
    if ((unsigned char)*literal == (unsigned)reader->escape && reader->escape >= 0) {
        if (reader->at == reader->end)
            return PIECE_NEVER;
        *literal = *reader->at++;
        return PIECE_LITERAL;
    }
    return *literal == '%' ? PIECE_ANY : *literal == '_' ? PIECE_ONE : PIECE_LITERAL;
}

/* Reads a character; a byte that is not UTF-8 becomes a number beyond all code points. */
static uint32_t take_character(const char **at, const char *end)
{
    uint32_t code;
    const size_t size = utf8_read(*at, end, &code);
    if (size == 0)
        code = 0x110000 + (unsigned char)**at;
    *at += size > 0 ? size : 1;
    return code;
}

enum set_answer { SET_OUT, SET_IN, SET_ENDLESS };

/* Takes a set from behind its [ to behind its ], and says whether the character is one of it. */
static enum set_answer take_set(const char **at, const char *end, uint32_t character)
{
    bool inverted = false, seen = false, first = true;
    uint32_t before = 0; /* the character that a - may follow */
    if (*at < end && **at == '^') {
        inverted = true;
        ++*at;
    }
    for (; *at < end; first = false) {
        uint32_t code = take_character(at, end);
        if (code == ']' && !first)
            return seen != inverted ? SET_IN : SET_OUT;
        if (code == '-' && before > 0 && *at < end && **at != ']') {
            code = take_character(at, end);
            seen = seen || (character >= before && character <= code);
            before = 0;
        } else {
            seen = seen || character == code;
            before = first && code == ']' ? 0 : code;
        }
    }
    return SET_ENDLESS;
}

static inline char fold(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* Returns the first place from at on where the rest of a pattern behind a star may match: where the byte is that
 * it begins with, if it begins with one. */
static const char *find_start(struct reader pattern, const char *at, const char *end)
{
    char literal;
    if (next_piece(&pattern, &literal) != PIECE_LITERAL || ((unsigned char)literal & 0xc0) == 0x80)
        return at;
    const char lower = pattern.glob ? literal : fold(literal);
    if (pattern.glob || lower < 'a' || lower > 'z')
        return scan_find(at, end, literal);
    for (; end - at >= 16; at += 16) {
        const uint64_t mask = scan_mask_sixteen(at, lower) | scan_mask_sixteen(at, (char)(lower ^ 0x20));
        if (mask != 0)
            return at + __builtin_ctzll(mask);
    }
    while (at < end && fold(*at) != lower)
        at++;
    return at;
}

/* One star at a time: if the rest does not match, the last star takes one character more. No star before it has to,
 * since what is between them has matched at the first place possible. */
static bool match(struct reader pattern, struct bytes text)
{
    const char *at = text.data, *end = at + text.size;
    struct reader behind_star = {0};
    const char *star = NULL; /* where the last star ends in the text */
    for (;;) {
        char literal = 0;
        bool matches = false;
        switch (next_piece(&pattern, &literal)) {
        case PIECE_END:
            if (at == end)
                return true;
            break;
        case PIECE_ANY:
            if (pattern.at == pattern.end)
                return true;
            behind_star = pattern;
            star = at = find_start(pattern, at, end);
            continue;
        case PIECE_ONE:
            matches = at < end;
            if (matches)
                at += utf8_size(at, end);
            break;
        case PIECE_SET: {
            const uint32_t character = at < end ? take_character(&at, end) : UINT32_MAX;
            const enum set_answer answer = take_set(&pattern.at, pattern.end, character);
            if (answer == SET_ENDLESS)
                return false;
            matches = answer == SET_IN && character != UINT32_MAX;
            break;
        }
        case PIECE_LITERAL:
            matches = at < end && (pattern.glob ? *at == literal : fold(*at) == fold(literal));
            at += matches;
            break;
        case PIECE_NEVER:
            return false;
        }
        if (matches)
            continue;
        if (star == NULL || star == end)
            return false;
        star = at = find_start(behind_star, star + utf8_size(star, end), end);
        pattern = behind_star;
    }
}

bool like_match(struct bytes pattern, struct bytes text, int escape)
{
    return match((struct reader){pattern.data, pattern.data + pattern.size, escape, false}, text);
}

bool glob_match(struct bytes pattern, struct bytes text)
{
    return match((struct reader){pattern.data, pattern.data + pattern.size, -1, true}, text);
}
