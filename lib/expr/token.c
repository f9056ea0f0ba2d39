#include "expr/token.h"

#include <strings.h>

#include "base/hex.h"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (byte & 0x80) != 0;
}

static struct token token_of(enum token_kind kind, const char *start, const char *end)
{
    return (struct token){.kind = kind, .text = {start, (size_t)(end - start)}};
}

static struct token wrong(const char *start, const char *end, const char *why)
{
    return (struct token){.kind = TOKEN_WRONG, .text = {start, (size_t)(end - start)}, .why = why};
}

/* Returns the end of what is quoted from `at` on, or NULL if it has none. A quote is doubled to stand for itself. */
static const char *skip_quoted(const char *at)
{
    const char quote = *at == '[' ? ']' : *at;
    for (at++; (at = strchr(at, quote)) != NULL; at += 2)
        if (quote == ']' || at[1] != quote)
            return at + 1;
    return NULL;
}

/* Returns the end of white space and comments, or sets *open to the comment that does not end. */
static const char *skip_space(const char *at, const char **open)
{
    for (;;) {
        at += strspn(at, " \t\n\r\f");
        if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            if (end == NULL) {
                *open = at;
                return at;
            }
            at = end + 2;
        } else {
            return at;
        }
    }
}

static struct token read_number(const char *start)
{
    const char *at = start;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && hex_value(at[2]) >= 0) {
        for (at += 2; hex_value(*at) >= 0; at++)
            ;
    } else {
        while (is_digit(*at))
            at++;
        if (*at == '.')
            for (at++; is_digit(*at); at++)
                ;
        if (*at == 'e' || *at == 'E') {
            const char *digits = at + 1 + (at[1] == '+' || at[1] == '-');
            if (is_digit(*digits))
                for (at = digits; is_digit(*at); at++)
                    ;
        }
    }
    if (!is_word(*at))
        return token_of(TOKEN_NUMBER, start, at);
    while (is_word(*at) || *at == '.')
        at++;
    return wrong(start, at, "this is not a number");
}

static struct token read_bytes(const char *start)
{
    const char *end = skip_quoted(start + 1);
    if (end == NULL)
        return wrong(start, start + 1, "a quote does not end");
    for (const char *at = start + 2; at < end - 1; at++)
        if (hex_value(*at) < 0)
            return wrong(start, end, "x'...' takes hexadecimal digits");
    if ((end - start) % 2 == 1)
        return token_of(TOKEN_BYTES, start, end);
    return wrong(start, end, "x'...' takes two digits for each byte");
}

struct token token_next(const char *at)
{
    /* The longer of two that begin alike comes first. */
    static const char *const operators[] = {"->>", "->", "||", "<<", ">>", "<=", ">=", "<>", "==", "!=", "+", "-", "*",
                                            "/",   "%",  "&",  "|",  "~",  "<",  ">",  "=",  "(",  ")",  ",", "."};
    const char *open = NULL;
    at = skip_space(at, &open);
    if (open != NULL)
        return wrong(open, open + 2, "a comment does not end");
    if (*at == '\0')
        return token_of(TOKEN_END, at, at);
    if (is_digit(*at) || (*at == '.' && is_digit(at[1])))
        return read_number(at);
    if ((*at == 'x' || *at == 'X') && at[1] == '\'')
        return read_bytes(at);
    if (*at == '\'' || *at == '"' || *at == '`' || *at == '[') {
        const char *end = skip_quoted(at);
        if (end == NULL)
            return wrong(at, at + 1, "a quote does not end");
        return token_of(*at == '\'' ? TOKEN_TEXT : TOKEN_QUOTED_NAME, at, end);
    }
    if (is_word(*at)) {
        const char *end = at;
        while (is_word(*end))
            end++;
        return token_of(TOKEN_NAME, at, end);
    }
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strncmp(at, operators[i], strlen(operators[i])) == 0)
            return token_of(TOKEN_OPERATOR, at, at + strlen(operators[i]));
    if (*at == ';')
        return wrong(at, at + 1, "nothing may follow, and so a ; has no place here");
    if (strchr("?:@#$", *at) != NULL)
        return wrong(at, at + 1, "parameters have no place here: the columns of the record have names");
    return wrong(at, at + 1, "this has no meaning in an expression");
}

bool token_is(const struct token *token, const char *word)
{
    return (token->kind == TOKEN_NAME || token->kind == TOKEN_OPERATOR) && strlen(word) == token->text.size &&
           strncasecmp(token->text.data, word, token->text.size) == 0;
}

void token_unquote(const struct token *token, struct buffer *text)
{
    const char *at = token->text.data, *end = at + token->text.size - 1;
    if (token->kind == TOKEN_BYTES) {
        for (at += 2; at < end; at += 2)
            buffer_add_byte(text, (char)(hex_value(at[0]) << 4 | hex_value(at[1])));
        return;
    }
    const char quote = *end;
    for (at++; at < end; at++) {
        buffer_add_byte(text, *at);
        at += *at == quote; /* the first of two */
    }
}
