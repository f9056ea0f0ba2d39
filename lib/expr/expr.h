/* expr: expressions over one record, in the language of SQLite.
 *
 * An expression sees the columns of a table `record` with one row:
 *
 *     key, value, source    of the record
 *     state                 of its key, where the program keeps one
 *     new_state             what the program has just made of that, where it says so
 *
 * A column whose bytes are a number as JSON writes it (`-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`) is an INTEGER
 * or a REAL; a number beyond 64 bits or beyond the largest double, and anything else, is a TEXT; what is not there is
 * NULL. A result that is one of the columns, untouched, comes out byte for byte as it came in; so does a number that is
 * of the same type and value as one that came in. Any other REAL comes out with the fewest digits that are read back as
 * the same double, and always as a REAL: `2.0`.
 *
 * Beside SQLite's own functions there are
 *
 *     num(x)                       x where it is a number as above; otherwise the record is a bad one
 *     field(x, n [, delimiter])    the n-th field of x, as fl-key -f counts, a TEXT; NULL where x has fewer
 *     x REGEXP ere, regexp(ere, x) whether x matches a POSIX extended regular expression
 *     match(x, ere [, group])      what the expression, or its group, matches in x, a TEXT; NULL where there is none
 *
 * An expression can do nothing but compute: it opens no file, changes nothing, and what takes too long or grows too
 * large makes the record a bad one. A struct expr belongs to one thread. */
#ifndef EXPR_H
#define EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/frame.h"

struct expr;

/* Which of the columns there are. */
enum expr_scope { EXPR_RECORD = 3, EXPR_STATE = 4, EXPR_NEW_STATE = 5 };

/* What a text is. */
enum expr_kind {
    EXPR_VALUES,    /* the columns of a SELECT, without the word: one row */
    EXPR_CONDITION, /* one expression that is asked whether it is true; NULL is not true: one row, of `1` or `0` */
    EXPR_QUERY      /* a whole SELECT, of any number of rows; it may name the table, as in `json_each(record.value)` */
};

/* A record as an expression sees it. data NULL: NULL. */
struct expr_input {
    struct bytes key, value, source, state, new_state;
};

static inline struct expr_input expr_input_of(const struct record *record, struct bytes source)
{
    return (struct expr_input){
        .key = {record->keyed ? record->key.data : NULL, record->key.size}, .value = record->value, .source = source};
}

/* Results: rows one after the other, each of as many values as the expression has columns; data NULL: NULL. */
struct expr_rows {
    const struct bytes *values;
    size_t count; /* of rows */
};

/* Compiles the text that was given for an option ("-e"), which sees the columns of scope, and must itself have least to
 * most. Where it does not compile, ends the program (64) with SQLite's message, the text, and a caret under the place.
 * The text must live as long as the expression. */
struct expr *expr_open(const char *option, const char *text, enum expr_kind kind, enum expr_scope scope, size_t least,
                       size_t most);

/* Frees it; NULL is none. */
void expr_close(struct expr *expr);

/* How many columns it gives. */
size_t expr_columns(const struct expr *expr);

/* Evaluates it. Returns NULL, or why the record is a bad one, as the end of a message that names the value (`makes -e
 * fail: malformed JSON`); valid, as rows are, until the next call for the same expression. The input is read during the
 * call, and rows may have views of it. */
const char *expr_evaluate(struct expr *expr, const struct expr_input *input, struct expr_rows *rows);

/* Where the first comma of the text stands that is within no parentheses, string, name or comment: the place where
 * `STATE,EMIT` is split. NULL: there is none. */
const char *expr_comma(const char *text);

#endif
