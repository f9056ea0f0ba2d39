/* field: the fields of a value, as awk counts those between blanks, and cut those that end at a delimiter. */
#ifndef FIELD_H
#define FIELD_H

#include "bytes.h"
#include "line.h"

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

/* The next field, a view into the value, which is empty where two delimiters follow each other. False: it has no more
 * of them. */
static inline bool field_next(struct field_reader *reader, struct bytes *field)
{
    const char *at = reader->at, *end = reader->end;
    if (at == NULL)
        return false;
    if (reader->delimiter != FIELD_BLANKS) {
        const char *found = line_find(at, end, (char)reader->delimiter);
        *field = (struct bytes){at, (size_t)(found - at)};
        reader->at = found < end ? found + 1 : NULL;
        return true;
    }
    while (at < end && field_is_blank(*at))
        at++;
    reader->at = NULL;
    if (at == end)
        return false;
    const char *start = at;
    while (at < end && !field_is_blank(*at))
        at++;
    *field = (struct bytes){start, (size_t)(at - start)};
    reader->at = at;
    return true;
}

#endif
