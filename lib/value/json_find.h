/* json_find: finds a member of a JSON object in one pass over the text, without allocating memory. It answers for plain
 * JSON alone, and leaves the rest to a reader that knows all of JSON. */
#ifndef JSON_FIND_H
#define JSON_FIND_H

#include "base/bytes.h"

enum json_kind {
    JSON_NONE, /* the object has no such member */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING
};

struct json_member {
    enum json_kind kind;
    struct bytes text; /* a view: a number as it is written, a string without its quotes; undefined for other kinds */
};

/* Looks up the member that labels, which are count names, at least one, lead to from object to object, and sets *found.
 * If an object has several members of one name, the first counts. The whole of text is checked to be JSON (RFC 8259).
 * Returns false if another reader has to be asked: text is not an object, is not JSON, or is nested deeper than 64
 * levels; a name on the way has escapes; or the member is an object, an array, or a string with escapes. *found is
 * undefined then. The view in *found lies in text. */
bool json_find(struct bytes text, const struct bytes *labels, size_t count, struct json_member *found);

#endif
