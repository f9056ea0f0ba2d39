/* Goal of this target: whatever bytes are taken for JSON, json_extract and ->> give the same results as SQLite's own
 * functions, or fail as they do. A path with a label in quotes is left to SQLite, whose doubles may be a little off. */
#include "expr/expr.h"

#include "fuzz.h"

#define SHOWN(x) "typeof(" x "), iif(typeof(" x ") = 'real', iif(abs(" x ") < 1e-290, 0, printf('%.9g', " x ")), " x ")"

static struct expr *open_list(const char *text)
{
    return expr_open("-e", text, EXPR_VALUES, EXPR_RECORD, 1, 9);
}

/* Sets *text to the columns, or to why the expression fails. */
static void show(struct expr *expr, struct bytes value, struct buffer *text)
{
    struct expr_rows rows;
    const char *why = expr_evaluate(expr, &(struct expr_input){.value = value}, &rows);
    buffer_add(text, bytes_of(why != NULL ? why : "it gives "));
    for (size_t i = 0; why == NULL && i < expr_columns(expr); i++) {
        buffer_add(text, rows.values[i]);
        buffer_add_byte(text, rows.values[i].data != NULL ? '|' : '~');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct expr *ours, *theirs;
    if (ours == NULL) {
        ours = open_list(
            SHOWN("json_extract(value, '$.a')") ", " SHOWN("(value ->> 'b')") ", " SHOWN("(value ->> '$.b.a')"));
        theirs = open_list(SHOWN("json_extract(value, '$.\"a\"')") ", " SHOWN("(value ->> '$.\"b\"')") ", " SHOWN(
            "(value ->> '$.\"b\".\"a\"')"));
    }
    struct bytes copy = fuzz_copy(data, size);
    struct buffer found = {0}, expected = {0};
    show(ours, copy, &found);
    show(theirs, copy, &expected);
    FUZZ_CHECK(bytes_equal(buffer_bytes(&found), buffer_bytes(&expected)));
    buffer_free(&found);
    buffer_free(&expected);
    free((char *)copy.data);
    return 0;
}
