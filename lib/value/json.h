/* json: writes values as JSON. */
#ifndef JSON_H
#define JSON_H

#include "base/bytes.h"

/* Returns whether the bytes are UTF-8, and so can be a string of JSON without a change; a NUL may be among them. */
bool json_is_text(struct bytes text);

/* Appends text as a JSON string, in quotes. If json_is_text does not hold for text, each byte from 0x80 on becomes
 * \u00XX, which is not that byte to a reader of JSON: a caller to whom this matters asks json_is_text first. */
void json_add_string(struct buffer *out, struct bytes text);

/* Appends text as a JSON value: unchanged if it is a number in JSON's own form (number_is_json), otherwise as a
 * string. */
void json_add_value(struct buffer *out, struct bytes text);

#endif
