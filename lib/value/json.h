/* json: values as JSON writes them. */
#ifndef JSON_H
#define JSON_H

#include "base/bytes.h"

/* Appends a JSON string, with its quotes. Bytes that are no text (bytes_is_text) come out as \u00XX each: a caller to
 * whom that is not the same asks first. */
void json_add_string(struct buffer *out, struct bytes text);

/* Appends a value: a number that is written as JSON writes it stays so, anything else becomes a string. */
void json_add_value(struct buffer *out, struct bytes text);

#endif
