/* query_part: what query.c and query_function.c share. */
#ifndef QUERY_PART_H
#define QUERY_PART_H

#include "expr/query.h"
#include "store/sqlite.h"
#include "value/number.h"

/* Adds the functions of function.h that SQLite does not have to a query's database. Returns SQLite's answer. */
int query_add_functions(struct query *query, sqlite3 *database);

/* An argument's bytes, valid while the function runs; NULL: data NULL. A number's text may be put into text. */
struct bytes query_value_bytes(const struct query *query, sqlite3_value *value, char text[NUMBER_TEXT]);

/* Returns whether the query is being opened, and evaluated with NULL for all columns to find wrong constants. */
bool query_is_tried(const struct query *query);

/* Notes that a constant argument is wrong, such as a regular expression: no record can be good. */
void query_note_wrong(struct query *query);

#endif
