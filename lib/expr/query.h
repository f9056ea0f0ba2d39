/* query: a whole SELECT over one record, in the language of SQLite, which evaluates it.
 *
 * The record is the one row of a table `record`, whose columns can be written alone, too. A column whose bytes are a
 * number as JSON writes it is an INTEGER or a REAL of SQLite; a number beyond 64 bits or beyond the largest double, and
 * anything else, is a TEXT; what is missing is NULL. A result that is one of the columns, untouched, comes out byte for
 * byte as it came in; so does a number of the same type and value as one that came in. Any other REAL comes out with
 * the fewest digits that are read back as the same double, and always as a REAL: `2.0`.
 *
 * Beside SQLite's own functions there are those of function.h that SQLite does not have. A query can do nothing but
 * compute: it opens no file, changes nothing, and makes the record a bad one if it takes too long or grows too large. A
 * struct query belongs to one thread. */
#ifndef QUERY_H
#define QUERY_H

#include "expr/expr.h"

struct query;

/* Results: rows one after the other, each of as many values as the query has columns. data NULL: drop(), or, in the
 * first column of a query that sees the state, discard(). A NULL is a fault. */
struct query_rows {
    const struct bytes *values;
    size_t count; /* of rows */
};

/* Compiles the text that was given for an option ("-q"), which sees the columns of scope, and must itself have least to
 * most. If it does not compile, ends the program (64) with SQLite's message, the text, and a caret under the place. The
 * text must live as long as the query. */
struct query *query_open(const char *option, const char *text, enum expr_scope scope, size_t least, size_t most);

/* Frees it; query may be NULL. */
void query_close(struct query *query);

/* How many columns it gives. */
size_t query_columns(const struct query *query);

/* Evaluates it. Returns NULL, or why the record is a bad one, as the end of a message that names the value (`makes -q
 * fail: malformed JSON`); valid, as rows are, until the next call for the same query. The input is read during the
 * call, and rows may have views of it. */
const char *query_evaluate(struct query *query, const struct expr_input *input, struct query_rows *rows);

#endif
