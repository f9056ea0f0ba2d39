/* field: the fields of a value: between blanks and tabs, as awk counts them, or between delimiters, as cut does. */
#ifndef FIELD_H
#define FIELD_H

#include "base/bytes.h"
#include "base/scan.h"

enum { FIELD_BLANKS = -1 }; /* as a delimiter: fields are separated by any number of blanks and tabs */

/* Reads the fields of a value, one after the other. */
struct field_reader {
    const char *at; /* where the next field begins, or blanks before it; NULL: there are no more */
    const char *end;
    int delimiter; /* a byte, or FIELD_BLANKS */
};

/* Reads a delimiter as people write it: one byte, or `\t` for a tab. Returns false if text is anything else. */
bool field_parse_delimiter(struct bytes text, int *delimiter);

/* Begins with the first field of a value, whose data must not be NULL. */
static inline struct field_reader field_begin(struct bytes value, int delimiter)
{
    return (struct field_reader){value.data, value.data + value.size, delimiter};
}

static inline bool field_is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Returns the first blank or tab in [at, end), or end. */
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

/* Sets *field to the next field, a view into the value; it is empty if two delimiters follow each other. Returns false
 * if the value has no more fields. */
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

/* The fields that -f and -d name. */
struct field_list {
    const char *given;           /* the argument of -f; NULL: it was not given */
    const char *given_delimiter; /* the argument of -d; NULL: it was not given */

    /* After field_list_open. */
    size_t *numbers; /* counted from 1, in the order given */
    size_t count;    /* 0: -f is not given */
    size_t room;
    size_t last; /* the greatest of the numbers */
    int delimiter;
    struct bytes *found; /* the fields 1 to last of the value at hand */
    struct buffer taken; /* the result of field_list_take if it has several fields, or why there is none */
};

/* The entry of -d in a list of options for a struct field_list; that of -f has a help of the program's own. */
/* clang-format off */
#define FIELD_DELIMITER_OPTION(offset_of_list)                                                                         \
    {'d', "delimiter", OPTION_TEXT, "CHAR", (offset_of_list) + offsetof(struct field_list, given_delimiter),           \
     "that end at CHAR each, as cut counts them (blanks, as awk does)"}
/* clang-format on */

/* Opens a list by what was given for -f, such as `2` or `1,3`, and for -d. If they are wrong, the program ends (64).
 * field_list_close frees what the list holds. */
void field_list_open(struct field_list *list);
void field_list_close(struct field_list *list);

/* Takes the fields of the list, at least one, from a value whose data is not NULL. Sets *fields to the field, a view
 * into the value, if the list has one number; otherwise to all of them with the delimiter, or a blank for FIELD_BLANKS,
 * between them, valid until the next call. Returns NULL, or why the record is bad if the value has fewer fields; that
 * text is valid until the next call, too. */
const char *field_list_take(struct field_list *list, struct bytes value, struct bytes *fields);

#endif
