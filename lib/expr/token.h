/* token: the words of an expression, as SQLite divides a text into them. */
#ifndef TOKEN_H
#define TOKEN_H

#include "base/bytes.h"

enum token_kind {
    TOKEN_END,         /* of the text */
    TOKEN_NUMBER,      /* 12, 1.5, .5, 1e3, 0x1f */
    TOKEN_TEXT,        /* 'it''s' */
    TOKEN_BYTES,       /* x'0d0a' */
    TOKEN_NAME,        /* a word: a keyword, the name of a column or of a function */
    TOKEN_QUOTED_NAME, /* "unit price", `unit price`, [unit price]: never a keyword */
    TOKEN_OPERATOR,    /* one of the operators, the parentheses and the comma: text says which */
    TOKEN_WRONG        /* none of these: why says what is wrong */
};

struct token {
    enum token_kind kind;
    struct bytes text; /* as it stands in the expression, with its quotes */
    const char *why;   /* of TOKEN_WRONG */
};

/* Returns the next token at or after `at`, which comes after any white space and comments. The view in it lies in the
 * text. `at` is a place in a C string. */
struct token token_next(const char *at);

/* Returns whether a token is that keyword, in any case, or that operator. */
bool token_is(const struct token *token, const char *word);

/* Appends what a token of the kinds TEXT, BYTES and QUOTED_NAME stands for: without quotes, and with each doubled quote
 * as one. */
void token_unquote(const struct token *token, struct buffer *text);

#endif
