/* Goal of this test: json_find finds the member in plain JSON, and returns false for all else. And json_extract and ->>
 * of expr, which use it, agree with SQLite's own functions, for random JSON and for JSON with random damage. */
#include "value/json_find.h"

#include "check.h"
#include "expr/expr.h"

/* Returns kind and text of the member that the first count of the labels a and b lead to, or "?" if json_find returns
 * false. */
static const char *found_in(const char *text, size_t count)
{
    static const char *const kinds[] = {"none", "null", "false", "true", "number ", "string "};
    static const struct bytes labels[] = {{"a", 1}, {"b", 1}};
    static char shown[200];
    struct bytes copy = check_copy(text);
    struct json_member found;
    if (!json_find(copy, labels, count, &found))
        snprintf(shown, sizeof shown, "?");
    else if (found.kind < JSON_NUMBER)
        snprintf(shown, sizeof shown, "%s", kinds[found.kind]);
    else
        snprintf(shown, sizeof shown, "%s%.*s", kinds[found.kind], (int)found.text.size, found.text.data);
    free((char *)copy.data);
    return shown;
}

static void check_found(void)
{
    static const struct {
        const char *text, *a, *b;
    } cases[] = {
        {"{}", "none", "none"},
        {" {\t} \r\n", "none", "none"},
        {"{\"a\":1}", "number 1", "none"},
        {"{\"a\":-0.5e+3,\"b\":2}", "number -0.5e+3", "none"},
        {"{ \"b\" : [ ] , \"a\" : true }", "true", "none"},
        {"{\"a\":false}", "false", "none"},
        {"{\"a\":null}", "null", "none"},
        {"{\"a\":\"\"}", "string ", "none"},
        {"{\"a\":\"seven b\"}", "string seven b", "none"},
        {"{\"a\":\"more than eight bytes\"}", "string more than eight bytes", "none"},
        {"{\"a\":\"\xc3\xa9\xff\x7f\"}", "string \xc3\xa9\xff\x7f", "none"},
        {"{\"aa\":1,\"\":2,\"A\":3}", "none", "none"},
        {"{\"a\":1,\"a\":2}", "number 1", "none"},
        {"{\"a\":{\"b\":1},\"a\":{\"b\":2}}", "?", "number 1"},
        {"{\"a\":{},\"a\":{\"b\":2}}", "?", "none"},
        {"{\"x\":{\"a\":1,\"b\":2},\"b\":3}", "none", "none"},
        {"{\"a\":{\"x\":{\"b\":1},\"b\":\"y\"}}", "?", "string y"},
        {"{\"a\":[{\"b\":1}]}", "?", "none"},
        {"{\"x\":[[],[1,\"]\",{}]],\"a\":1}", "number 1", "none"},
        {"{\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\",\"a\":1}", "number 1", "none"},
        /* Left to another reader. */
        {"", "?", "?"},
        {" ", "?", "?"},
        {"1", "?", "?"},
        {"[]", "?", "?"},
        {"\"a\"", "?", "?"},
        {"{", "?", "?"},
        {"{\"a\"", "?", "?"},
        {"{\"a\":", "?", "?"},
        {"{\"a\":1", "?", "?"},
        {"{\"a\":1,", "?", "?"},
        {"{\"a\":1,}", "?", "?"},
        {"{,\"a\":1}", "?", "?"},
        {"{\"a\":1}}", "?", "?"},
        {"{\"a\":1}x", "?", "?"},
        {"{\"a\":1]", "?", "?"},
        {"{\"a\" 1}", "?", "?"},
        {"{\"a\":1 \"b\":2}", "?", "?"},
        {"{a:1}", "?", "?"},
        {"{1:1}", "?", "?"},
        {"{\"a\":}", "?", "?"},
        {"{\"a\":01}", "?", "?"},
        {"{\"a\":-}", "?", "?"},
        {"{\"a\":+1}", "?", "?"},
        {"{\"a\":1.}", "?", "?"},
        {"{\"a\":.5}", "?", "?"},
        {"{\"a\":1e}", "?", "?"},
        {"{\"a\":tru}", "?", "?"},
        {"{\"a\":nul", "?", "?"},
        {"{\"a\":true1}", "?", "?"},
        {"{\"a\":\"x}", "?", "?"},
        {"{\"a\":\"x\\\"}", "?", "?"},
        {"{\"a\":\"\\x\"}", "?", "?"},
        {"{\"x\":\"\\u12g4\",\"a\":1}", "?", "?"},
        {"{\"x\":\"\\u12", "?", "?"},
        {"{\"x\":\"\\", "?", "?"},
        {"{\"a\":\"\t\"}", "?", "?"},
        {"{\"a\":\"\\n\"}", "?", "none"},
        {"{\"\\u0061\":1}", "?", "?"},
        {"{\"a\":[1,]}", "?", "?"},
        {"{\"x\":[1,],\"a\":1}", "?", "?"},
        {"{\"x\":[1 2],\"a\":1}", "?", "?"},
        {"\f{\"a\":1}", "?", "?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_TEXT(cases[i].a, bytes_of(found_in(cases[i].text, 1)));
        CHECK_TEXT(cases[i].b, bytes_of(found_in(cases[i].text, 2)));
    }
    struct json_member found;
    struct bytes label = {"a", 1};
    CHECK(!json_find((struct bytes){"{\"a\":1\0}", 8}, &label, 1, &found));
    CHECK(!json_find((struct bytes){"{\"a\":1}\0", 8}, &label, 1, &found));
}

static void check_levels(void)
{
    for (unsigned levels = 60; levels < 70; levels++) {
        struct buffer text = {0};
        buffer_print(&text, "{\"a\":1,\"x\":");
        for (unsigned i = 1; i < levels; i++)
            buffer_print(&text, i % 2 == 0 ? "{\"x\":" : "[");
        buffer_print(&text, "0");
        for (unsigned i = levels - 1; i > 0; i--)
            buffer_print(&text, i % 2 == 0 ? "}" : "]");
        buffer_print(&text, "}");
        CHECK_TEXT(levels <= 64 ? "number 1" : "?", bytes_of(found_in(buffer_string(&text), 1)));
        buffer_free(&text);
    }
}

static const char *any(const char *const *texts, size_t count)
{
    return texts[check_random() % count];
}

static void add_random(struct buffer *text, unsigned level)
{
    static const char *const scalars[] = {"0",
                                          "-0",
                                          "1",
                                          "-17",
                                          "1.5",
                                          "1e2",
                                          "1E-2",
                                          "0.25",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "9223372036854775808",
                                          "true",
                                          "false",
                                          "null",
                                          "\"\"",
                                          "\"x\"",
                                          "\"some words\"",
                                          "\"\\n\"",
                                          "\"\\\\\"",
                                          "\"a\\u00e9\"",
                                          "\"\xc3\xa9\"",
                                          "\"}\"",
                                          "\"{\\\"a\\\":1}\""};
    static const char *const names[] = {"\"a\"", "\"b\"", "\"a\"", "\"ab\"", "\"c d\"", "\"\"", "\"\\u0061\""};
    static const char *const blanks[] = {"", "", "", "", "", " ", "\n", "\t ", "\r"};
    const bool object = level == 0 || check_random() % 3 == 0;
    if (!object && (level > 3 || check_random() % 3 > 0)) {
        buffer_print(text, "%s", any(scalars, sizeof scalars / sizeof *scalars));
        return;
    }
    buffer_add_byte(text, object ? '{' : '[');
    for (uint64_t left = check_random() % 4; left > 0; left--) {
        buffer_print(text, "%s", any(blanks, sizeof blanks / sizeof *blanks));
        if (object)
            buffer_print(text, "%s%s:%s", any(names, sizeof names / sizeof *names),
                         any(blanks, sizeof blanks / sizeof *blanks), any(blanks, sizeof blanks / sizeof *blanks));
        add_random(text, level + 1);
        if (left > 1)
            buffer_add_byte(text, ',');
    }
    buffer_print(text, "%s%c", any(blanks, sizeof blanks / sizeof *blanks), object ? '}' : ']');
}

/* Now and then replaces, adds or removes a byte. */
static void spoil(struct buffer *text)
{
    static const char bytes[] = "{}[]\",:\\0-+.eEtn \n\x01\x80/'";
    if (text->size == 0 || check_random() % 3 > 0)
        return;
    const size_t place = check_random() % text->size;
    const char byte = bytes[check_random() % (sizeof bytes - 1)];
    switch (check_random() % 3) {
    case 0:
        text->data[place] = byte;
        break;
    case 1:
        memmove(text->data + place, text->data + place + 1, --text->size - place);
        break;
    default:
        buffer_add_byte(text, '\0');
        memmove(text->data + place + 1, text->data + place, text->size - 1 - place);
        text->data[place] = byte;
    }
}

/* Returns the columns that the expression gives for a value, with NULL as nothing; or why it fails. */
static struct bytes result_of(struct expr *expr, struct bytes value, struct buffer *text)
{
    struct expr_rows rows;
    const char *why = expr_evaluate(expr, &(struct expr_input){.value = value}, &rows);
    text->size = 0;
    if (why != NULL)
        buffer_print(text, "%s", why);
    for (size_t i = 0; why == NULL && i < expr_columns(expr); i++) {
        buffer_add(text, rows.values[i]);
        buffer_add_byte(text, '|');
    }
    return buffer_bytes(text);
}

/* A path with a label in quotes is left to SQLite. */
static void check_against_sqlite(void)
{
    static const char *const pairs[][2] = {
        {"json_extract(value, '$.a')", "json_extract(value, '$.\"a\"')"},
        {"typeof(json_extract(value, '$.a')), value ->> 'a'",
         "typeof(json_extract(value, '$.\"a\"')), value ->> '$.\"a\"'"},
        {"json_extract(value, '$.a.b') || ''", "json_extract(value, '$.\"a\".\"b\"') || ''"},
        {"json_array(json_extract(value, '$.a'), value ->> '$.b')",
         "json_array(json_extract(value, '$.\"a\"'), value ->> '$.\"b\"')"},
        {"json_extract(upper(lower(value)), '$.A')", "json_extract(upper(lower(value)), '$.\"A\"')"},
        {"(value -> 'a') ->> 'b'", "(value -> 'a') ->> '$.\"b\"'"},
    };
    struct buffer text = {0}, ours = {0}, theirs = {0};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct expr *quick = expr_open("-e", pairs[i][0], EXPR_VALUES, EXPR_RECORD, 1, 9);
        struct expr *own = expr_open("-e", pairs[i][1], EXPR_VALUES, EXPR_RECORD, 1, 9);
        for (int n = 0; n < 20000; n++) {
            text.size = 0;
            add_random(&text, 0);
            spoil(&text);
            struct bytes value = buffer_bytes(&text);
            CHECK_ABOUT(value, bytes_equal(result_of(own, value, &theirs), result_of(quick, value, &ours)));
        }
        expr_close(quick);
        expr_close(own);
    }
    buffer_free(&text);
    buffer_free(&ours);
    buffer_free(&theirs);
}

int main(void)
{
    check_found();
    check_levels();
    check_against_sqlite();
    return check_end();
}
