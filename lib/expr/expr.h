/* expr: expressions over one record, such as `field(value, 2) * 1.19`.
 *
 * The syntax, the operators and the names of the functions are those of SQL as SQLite has them. They are evaluated
 * here, exactly and strictly: numbers are exact decimals, and whatever has no meaning makes the record a bad one. An
 * expression sees the columns
 *
 *     key, value, source    of the record
 *     state                 of its key, if the program keeps one
 *     new_state             that the program has just made of it, if it says so
 *
 * as bytes that are also a number if they are written as one (datum.h). fl-expression(7) describes all of it. An
 * expression can do nothing but compute. A struct expr belongs to one thread. */
#ifndef EXPR_H
#define EXPR_H

#include "wire/frame.h"

struct expr;

/* Which of the columns there are. */
enum expr_scope { EXPR_RECORD = 3, EXPR_STATE = 4, EXPR_NEW_STATE = 5 };

/* What an expression is for. */
enum expr_use {
    EXPR_CONDITION, /* it is true, false or NULL */
    EXPR_VALUE,     /* of a record: it may say drop() */
    EXPR_NEXT_STATE /* of a key: it may say drop() and discard() */
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

/* Compiles the text that was given for an option ("-e"), which sees the columns of scope. If it does not compile, ends
 * the program (64) with a message that shows the text and a caret under the place. If rest is not NULL, the expression
 * may end at a comma: *rest is set to the text behind it, or to NULL if there is none. The text must live as long as
 * the expression. */
struct expr *expr_open(const char *option, const char *text, enum expr_use use, enum expr_scope scope,
                       const char **rest);

/* Frees it; expr may be NULL. */
void expr_close(struct expr *expr);

enum expr_answer {
    EXPR_OK,   /* of a value */
    EXPR_TRUE, /* of a condition, as the next two */
    EXPR_FALSE,
    EXPR_NULL,
    EXPR_DROP,    /* drop(): the record is left out */
    EXPR_DISCARD, /* discard(): the key is */
    EXPR_BAD      /* the record is a bad one */
};

/* What an evaluation gives: of EXPR_OK the value, of EXPR_BAD why the record is bad, as the end of a message that names
 * the record's value. Lines behind the first show the place in the expression. Valid until the next evaluation of the
 * same expression; a value may also be a view into the input. */
struct expr_result {
    struct bytes value;
    bool number; /* the value is a number or a boolean: neither LF nor tab is in it */
    const char *why;
};

/* Evaluates it. A value that is NULL is a fault: EXPR_BAD. */
enum expr_answer expr_evaluate(struct expr *expr, const struct expr_input *input, struct expr_result *result);

#endif
