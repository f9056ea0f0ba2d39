/* member: a member of a JSON object, in one pass over the text and without memory of its own. It knows plain JSON alone,
 * and says so of the rest, which is for a reader that knows all of it. */
#ifndef MEMBER_H
#define MEMBER_H

#include "bytes.h"

enum member_kind {
    MEMBER_NONE, /* there is no such member */
    MEMBER_NULL,
    MEMBER_FALSE,
    MEMBER_TRUE,
    MEMBER_NUMBER,
    MEMBER_STRING
};

struct member {
    enum member_kind kind;
    struct bytes text; /* of a number, as it is written; of a string, what stands between its quotes: a view */
};

/* Looks up the member that the count labels lead to, one or more, from object to object, in a text that must be JSON as
 * a whole (RFC 8259). Of members of one name the first counts. False: it is to be asked of another reader, since the
 * text is no object, or no JSON, or is nested deeper than 64 levels; a name has escapes; or what is found is an object,
 * an array, or a string with escapes. */
bool member_find(struct bytes text, const struct bytes *labels, size_t count, struct member *found);

#endif
