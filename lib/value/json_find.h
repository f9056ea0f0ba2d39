/* json_find: reads JSON as RFC 8259 has it, and nothing more lenient.
 *
 * A value is found in one pass, without allocating memory, and the whole text is checked in that pass. If an object has
 * several members of one name, the last counts, also on the way to a member further down. Bytes within strings are not
 * looked at: a string that is not UTF-8 is JSON here, and its bytes come out as they are. */
#ifndef JSON_FIND_H
#define JSON_FIND_H

#include "base/bytes.h"

enum { JSON_LEVELS = 1000 /* of arrays and objects within each other; a text with more is not read */ };

enum json_kind {
    JSON_NONE, /* there is no such value */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_value {
    enum json_kind kind;
    bool escaped;      /* a string that has escapes */
    struct bytes text; /* a view of all of it: a number as it is written, a string with its quotes */
};

/* One step on the way to a value: to a member of an object, or to an element of an array. */
struct json_step {
    struct bytes name; /* of a member, without escapes; data NULL: an element */
    int64_t index;     /* of an element; a negative one belongs to no element */
    bool from_end;     /* index 1 is the last element */
};

/* Why a text is not JSON. */
struct json_fault {
    const char *why; /* "a colon is expected" */
    size_t place;    /* the first byte that cannot follow, counted from 0; the size of the text at its end */
    bool at_end;     /* the text ends there */
};

/* Finds the value that the steps lead to from the value that text is, and sets *found; without steps, that value
 * itself. found->kind is JSON_NONE if there is no such value, also if a step meets a value of another kind than it
 * needs. Returns false, and sets *fault, if text is not JSON; *found is undefined then. The view in *found lies in
 * text. */
bool json_find(struct bytes text, const struct json_step *steps, size_t count, struct json_value *found,
               struct json_fault *fault);

/* Appends the fault to a message: "is not JSON: a colon is expected at byte 5". Bytes are counted from 1. */
void json_fault_add(struct buffer *message, const struct json_fault *fault);

/* Writes the text that a string stands for to `to`, which has room for string.size bytes and may be string.data itself.
 * string is the text of a JSON_STRING. Sets *text to a view of what was written; \u0000 becomes a NUL. Returns false if
 * the string has a surrogate that is not one of a pair, which no UTF-8 can express: *text is that escape then, in the
 * string, unless `to` is string.data. */
bool json_unescape(struct bytes string, char *to, struct bytes *text);

/* Returns whether a JSON_STRING stands for that text. */
bool json_is_name(const struct json_value *string, struct bytes text);

/* Returns the bytes between the quotes of a string. */
static inline struct bytes json_between_quotes(struct bytes string)
{
    return (struct bytes){string.data + 1, string.size - 2};
}

/* The elements of an array, or the members of an object, one after the other. */
struct json_walk {
    const char *at, *end;
    bool object;
};

/* Begins with the text of a JSON_ARRAY or JSON_OBJECT that json_find has found. */
struct json_walk json_walk(struct bytes text);

/* Sets *value to the next one and, in an object, *name to its name, a JSON_STRING; in an array, name may be NULL.
 * Returns false if there is no other. */
bool json_next(struct json_walk *walk, struct json_value *name, struct json_value *value);

/* Appends a text that json_find has found to be JSON, without the blanks between its parts. */
void json_add_compact(struct buffer *out, struct bytes text);

#endif
