/* Goal of this test: sql_token_end finds the end of each kind of token, sql_check refuses a text that would leave the
 * parentheses around it, and sql_add_caret points at the place. */
#include "expr/sql.h"

#include "check.h"

/* The tokens, with a `|` behind each, and `?` for one that does not end. */
static void check_tokens(const char *text, const char *expected)
{
    struct buffer found = {0};
    for (const char *at = text, *end; at != NULL && *at != '\0'; at = end) {
        end = sql_token_end(at);
        buffer_add(&found, end != NULL ? (struct bytes){at, (size_t)(end - at)} : bytes_of("?"));
        buffer_add_byte(&found, '|');
    }
    CHECK_TEXT(expected, buffer_bytes(&found));
    buffer_free(&found);
}

static void check_text_of(const char *text, const char *why, const char *rest)
{
    const char *place = "not set";
    const char *found = sql_check(text, &place);
    CHECK_TEXT(why != NULL ? why : "", bytes_of(found));
    CHECK_ABOUT(bytes_of(text), (why == NULL) == (found == NULL));
    if (why != NULL)
        CHECK_TEXT(rest, bytes_of(place));
}

static void check_caret(const char *text, size_t place, const char *expected)
{
    struct buffer shown = {0};
    sql_add_caret(&shown, text, text + place);
    CHECK_TEXT(expected, buffer_bytes(&shown));
    buffer_free(&shown);
}

int main(void)
{
    check_tokens("a1_$ \xc3\xa9+2.5", "a1_$| |\xc3\xa9|+|2|.|5|");
    check_tokens("'a''b'\"c\"`d`[e]f", "'a'|'b'|\"c\"|`d`|[e]|f|");
    check_tokens("'a", "?|");
    check_tokens("[a'", "?|");
    check_tokens("a--b\n-c", "a|--b|\n|-|c|");
    check_tokens("/* a */* 2/**/3/2", "/* a */|*| |2|/**/|3|/|2|");
    check_tokens("/*/", "?|");

    check_text_of("(a)(b)", NULL, "");
    check_text_of("')' || \"(\" -- )", NULL, "");
    check_text_of("a)", "nothing is open that this ) closes", ")");
    check_text_of("(a) + (b", "this ( is not closed", "(b");
    check_text_of("((a)", "this ( is not closed", "((a)");
    check_text_of("a; b", "nothing may follow, and so a ; has no place here", "; b");
    check_text_of("a + 'b", "a quote does not end", "'b");
    check_text_of("a /* b", "a comment does not end", "/* b");
    for (const char *const *each = (const char *const[]){"?1", ":a", "@a", "#a", "$a", NULL}; *each != NULL; each++)
        check_text_of(*each, "parameters have no place here: the columns of the record have names", *each);

    check_caret("a + b", 4, "\n    a + b\n        ^");
    check_caret("a\nb \x01\tc\nd", 6, "\n    b  \tc\n       \t^");
    check_caret("\xc3\xa9 x", 3, "\n    \xc3\xa9 x\n      ^");
    return check_end();
}
