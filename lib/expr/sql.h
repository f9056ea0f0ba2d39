/* sql: the text of an expression or a query, before SQLite sees it. */
#ifndef SQL_H
#define SQL_H

#include "base/bytes.h"

/* Where the token at `at`, which is not the end of the text, ends: a string, a quoted name, a comment, a word, or a
 * single byte. NULL: it does not end. */
const char *sql_token_end(const char *at);

/* Whether the text stays within parentheses that are put around it, and has nothing that stands for a value to be
 * bound. Returns NULL, or what is wrong with it, as a message says it, and sets place to where. */
const char *sql_check(const char *text, const char **place);

/* Appends, each behind a LF, the line of the text in which the place is, and a caret under it; of a long line, what is
 * around it. Control characters are shown as blanks. */
void sql_add_caret(struct buffer *shown, const char *text, const char *place);

#endif
