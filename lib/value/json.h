/* json: writes values as JSON. */
#ifndef JSON_H
#define JSON_H

#include "base/bytes.h"

/* Appends text as a JSON string, in quotes; a NUL may be in it. Returns false, and appends nothing, if text is not
 * UTF-8. */
bool json_add_text(struct buffer *out, struct bytes text);

/* The same, but of a text that is not UTF-8 each byte from 0x80 on becomes \u00XX, which is not that byte to a reader
 * of JSON. */
void json_add_string(struct buffer *out, struct bytes text);

/* Appends text as a JSON value: unchanged if it is a number in JSON's own form (number_is_json), otherwise as a
 * string. */
void json_add_value(struct buffer *out, struct bytes text);

#endif
