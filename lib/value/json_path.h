/* json_path: a path to a value in JSON, as SQLite writes it.
 *
 *     $                   the value itself
 *     $.name.other        a member of an object; the name ends before the next . or [
 *     $."any name"        the same, and the name is a JSON string, with its escapes
 *     $[0]  $[#-1]        an element of an array, from the start or from the end
 *     $[#]                the place behind the last element */
#ifndef JSON_PATH_H
#define JSON_PATH_H

#include "value/json_find.h"

/* All zero before the first json_path_read. */
struct json_path {
    struct json_step *steps;
    size_t count;
    size_t room;
    struct buffer text; /* the path, and a copy of it that holds the names */
    size_t size;        /* of the path */
    bool valid;
};

/* Reads a path, unless it is the one that was read last. Returns NULL, or says what is wrong with it: "a name is
 * expected behind a point". */
const char *json_path_read(struct json_path *path, struct bytes text);

/* Makes it a path of one step instead, of which it keeps a copy. */
void json_path_one(struct json_path *path, struct json_step step);

/* Returns the step to the element of an index; a negative index counts from the end, and -1 is the last element. */
struct json_step json_path_index(int64_t index);

void json_path_free(struct json_path *path);

#endif
