/* field: the fields of a value, as awk counts those between blanks, and cut those that end at a delimiter. */
#ifndef FIELD_H
#define FIELD_H

#include "base/bytes.h"
#include "base/scan.h"

/* The line of -d in a usage text, below that of -f. */
#define FIELD_USAGE "  -d, --delimiter CHAR           that end at CHAR each, as cut counts them (blanks, as awk does)\n"

enum { FIELD_BLANKS = -1 }; /* as a delimiter: fields are what stands between blanks and tabs */

/* The fields that are still to come; at NULL: there is none. */
struct field_reader {
    const char *at;
    const char *end;
    int delimiter; /* a byte, or FIELD_BLANKS */
};

/* Reads a delimiter as it is written: one byte, or `\t` for a tab. False where the text is neither. */
bool field_parse_delimiter(struct bytes text, int *delimiter);

/* Begins with the first field of a value, whose data is not NULL. */
static inline struct field_reader field_begin(struct bytes value, int delimiter)
{
    return (struct field_reader){value.data, value.data + value.size, delimiter};
}

static inline bool field_is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* The first blank or tab, or end. */
static inline const char *field_find_blank(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        const uint64_t mask = scan_mask_eight(at, ' ') | scan_mask_eight(at, '\t');
        if (mask != 0)
            return at + __builtin_ctzll(mask);
    }
    while (at < end && !field_is_blank(*at))
        at++;
    return at;
}

/* The next field, a view into the value, which is empty where two delimiters follow each other. False: it has no more
 * of them. */
static inline bool field_next(struct field_reader *reader, struct bytes *field)
{
    const char *at = reader->at, *end = reader->end;
    if (at == NULL)
        return false;
    if (reader->delimiter != FIELD_BLANKS) {
        const char *found = scan_find(at, end, (char)reader->delimiter);
        *field = (struct bytes){at, (size_t)(found - at)};
        reader->at = found < end ? found + 1 : NULL;
        return true;
    }
    while (at < end && field_is_blank(*at))
        at++;
    reader->at = NULL;
    if (at == end)
        return false;
    reader->at = field_find_blank(at, end);
    *field = (struct bytes){at, (size_t)(reader->at - at)};
    return true;
}

/* Some fields, as -f and -d name them. */
struct field_list {
    size_t *numbers; /* counted from 1, in the order given */
    size_t count;    /* 0: there is no -f */
    size_t room;
    size_t last;     /* the highest of them */
    int delimiter;
    struct bytes *found; /* the fields of the value at hand, up to last */
    struct buffer taken; /* or why they are not there */
};

/* Opens a list that is all zero, by the arguments of -f, as `2` or `1,3`, and of -d; each may be NULL. Does not return
 * where they are wrong (64). field_list_close frees what it holds. */
void field_list_open(struct field_list *list, const char *numbers, const char *delimiter);
void field_list_close(struct field_list *list);

/* Takes those fields of a value, one at least: sets fields to the one, a view into the value, or to all, with the
 * delimiter or a blank between them, valid until the next call. NULL, or why the record is a bad one. */
const char *field_list_take(struct field_list *list, struct bytes value, struct bytes *fields);

#endif
