/* member: the operators -> and ->>, and what comes out of JSON.
 *
 * In `x -> p` and `x ->> p`, x is JSON. p is the path of a value if it is a text that begins with `$` (json_path.h),
 * the name of a member if it is another text, and the index of an element if it is a number. */
#ifndef MEMBER_H
#define MEMBER_H

#include "expr/function.h"
#include "value/json_path.h"

/* The operators as functions, with the memo of each place. */
extern const struct function function_member;      /* -> */
extern const struct function function_member_text; /* ->> */

/* The call of both. The result is NULL if x has no such value, or is another kind of JSON than p needs; `->>` gives
 * NULL for null, too. Fails if x is not JSON. What is not unescaped is a view into x. */
bool member(struct call *call, bool as_text, struct datum *result);

/* Finds a value in an argument. Returns false, and has failed, if the argument is not JSON. */
bool member_find(struct call *call, size_t index, const struct json_step *steps, size_t count,
                 struct json_value *found);

/* Reads the path that an argument is. Returns false, and has failed, if it is not one. */
bool member_path(struct call *call, const struct datum *datum, struct json_path *path);

/* Sets *text to what a string stands for, valid until the next record. Returns false, and has failed, if it is not a
 * text. */
bool member_unescape(struct call *call, const struct json_value *string, struct bytes *text);

/* Gives a value that was found. As a text: of a string its text, of null and of nothing NULL. Returns false, and has
 * failed, if a string is not a text. */
bool member_give(struct call *call, const struct json_value *found, bool as_text, struct datum *result);

#endif
