/* member: a member of a JSON object, in one pass over the text and without memory of its own. It knows plain JSON alone,
 * and says so of the rest, which is for a reader that knows all of it. */
#ifndef JSON_FIND_H
#define JSON_FIND_H

#include "base/bytes.h"

enum json_kind {
    JSON_NONE, /* there is no such member */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING
};

struct json_member {
    enum json_kind kind;
    struct bytes text; /* of a number, as it is written; of a string, what stands between its quotes: a view */
};

/* Looks up the member that the count labels lead to, one or more, from object to object, in a text that must be JSON as
 * a whole (RFC 8259). Of members of one name the first counts. False: it is to be asked of another reader, since the
 * text is no object, or no JSON, or is nested deeper than 64 levels; a name has escapes; or what is found is an object,
 * an array, or a string with escapes. */
bool json_find(struct bytes text, const struct bytes *labels, size_t count, struct json_member *found);

#endif
