/* sql: looks at the text of an expression or a query before SQLite does. */
#ifndef SQL_H
#define SQL_H

#include "base/bytes.h"

/* Returns the end of the token at `at`, which must not be the end of the text: a string, a quoted name, a comment, a
 * word, or any other single byte. Returns NULL if a quote or a comment does not end. */
const char *sql_token_end(const char *at);

/* Checks that a text can be put between parentheses without closing them, and that it has no parameters, which stand
 * for values to be bound. Returns NULL if it is good. Otherwise returns what is wrong, for a message, and sets *place
 * to where in text. */
const char *sql_check(const char *text, const char **place);

/* Appends two lines, each behind a LF: the line of text that place lies in, and a caret under that place. Of a long
 * line, the part around place is shown. Control characters other than tabs are shown as blanks. */
void sql_add_caret(struct buffer *shown, const char *text, const char *place);

/* Ends the program (64): the text that was given for an option ("-e") is not what is wanted. Shows the text with a
 * caret under place, unless place is NULL. */
__attribute__((format(printf, 4, 5))) _Noreturn void sql_refuse(const char *option, const char *text, const char *place,
                                                                const char *format, ...);

#endif
