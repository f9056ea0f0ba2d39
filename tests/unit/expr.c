/* expr: what goes in as what; that what is untouched comes out as it came in; rows and their order; what makes a record
 * a bad one; and where the comma is. What does not compile, which ends the program, is in tests/expr.bats. */
#include "expr/expr.h"

#include "check.h"

/* The rows as text: columns between `|`, rows between `;`, NULL as `~`; or why there are none. */
static const char *shown(struct expr *expr, const struct expr_input *input)
{
    static struct buffer text;
    struct expr_rows rows;
    const char *why = expr_evaluate(expr, input, &rows);
    if (why != NULL)
        return why;
    text.size = 0;
    for (size_t i = 0; i < rows.count * expr_columns(expr); i++) {
        if (i > 0)
            buffer_add_byte(&text, i % expr_columns(expr) == 0 ? ';' : '|');
        buffer_add(&text, rows.values[i].data != NULL ? rows.values[i] : bytes_of("~"));
    }
    buffer_add_byte(&text, '\0');
    return text.data;
}

static struct expr *open_any(enum expr_kind kind, const char *text)
{
    return expr_open("-e", text, kind, EXPR_NEW_STATE, 1, 9);
}

/* In memory of its exact size, so that a sanitizer sees what reads beyond. */
static struct bytes copy_of(struct bytes bytes)
{
    if (bytes.data == NULL)
        return bytes;
    char *data = bytes_allocate(bytes.size);
    memcpy(data, bytes.data, bytes.size);
    return (struct bytes){data, bytes.size};
}

/* What an expression makes of an input, and of the same once more. */
static void check_input(enum expr_kind kind, const char *text, const struct expr_input *input, const char *expected)
{
    struct expr *expr = open_any(kind, text);
    for (int again = 0; again < 2; again++)
        CHECK_TEXT(expected, bytes_of(shown(expr, input)));
    expr_close(expr);
}

static void check_value(enum expr_kind kind, const char *text, struct bytes value, const char *expected)
{
    struct bytes copy = copy_of(value);
    check_input(kind, text, &(struct expr_input){.key = {"k", 1}, .value = copy}, expected);
    free((void *)copy.data);
}

static void is(const char *text, const char *value, const char *expected)
{
    check_value(EXPR_VALUES, text, bytes_of(value), expected);
}

/* A value is of a type, and comes out as it is. */
static void is_type(const char *type, const char *value)
{
    is("typeof(value)", value, type);
    is("value", value, value);
}

static void gives(const char *text, const char *value, const char *expected)
{
    check_value(EXPR_QUERY, text, bytes_of(value), expected);
}

static void check_binding(void)
{
    static const char *const integers[] = {"0",
                                           "-0",
                                           "7",
                                           "-7",
                                           "10",
                                           "123456789012345678",
                                           "1234567890123456789",
                                           "9223372036854775807",
                                           "-9223372036854775808"};
    static const char *const reals[] = {"0.0",
                                        "-0.0",
                                        "1.50",
                                        "-1.5",
                                        "1e3",
                                        "1E3",
                                        "1e+3",
                                        "1e-3",
                                        "1.5e300",
                                        "0.1",
                                        "0.30000000000000000000000000000000000000000000000000004",
                                        "1e-400",
                                        "123456789012345678901234567890.5",
                                        "9007199254740993.0"};
    static const char *const texts[] = {"",
                                        " ",
                                        "-",
                                        "+5",
                                        "007",
                                        "-007",
                                        "00",
                                        ".5",
                                        "5.",
                                        "-.5",
                                        "1.e5",
                                        "1e",
                                        "1e+",
                                        "1.5e",
                                        "0x10",
                                        "1 ",
                                        " 1",
                                        "1,5",
                                        "1_000",
                                        "nan",
                                        "inf",
                                        "-inf",
                                        "Infinity",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999",
                                        "1e309",
                                        "-1e999",
                                        "1e5x",
                                        "1.2.3",
                                        "--1",
                                        "abc",
                                        "\xff\xfe",
                                        "a\tb",
                                        "\\n"};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        is_type("integer", integers[i]);
        is("max(value, -9e18)", integers[i], strcmp(integers[i], "-9223372036854775808") == 0 ? "-9e+18" : integers[i]);
    }
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        is_type("real", reals[i]);
        is("coalesce(value, 1)", reals[i], reals[i]);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        is_type("text", texts[i]);
        is("value IS cast(value AS TEXT)", texts[i], "1");
    }
    is("value + 1", "9223372036854775806", "9223372036854775807");
    is("value - 1", "-9223372036854775807", "-9223372036854775808");
    check_value(EXPR_VALUES, "value IS NULL, value", (struct bytes){NULL, 0}, "1|~");
    check_value(EXPR_VALUES, "typeof(value)", (struct bytes){"", 0}, "text");
    check_value(EXPR_VALUES, "hex(value)", (struct bytes){"a\0b", 3}, "610062");
    check_value(EXPR_VALUES, "hex(value || 'x')", (struct bytes){"\xff", 1}, "FF78");
    struct expr *expr = open_any(EXPR_VALUES, "value");
    struct expr_rows rows;
    CHECK(expr_evaluate(expr, &(struct expr_input){.value = {"a\0\xff", 3}}, &rows) == NULL && rows.count == 1 &&
          bytes_equal(rows.values[0], (struct bytes){"a\0\xff", 3}));
    expr_close(expr);
}

static void check_output(void)
{
    is("value * 2", "1", "2");
    is("value * 2.0", "1", "2.0");
    is("value / 4.0", "1", "0.25");
    is("0.1 + 0.2", "", "0.30000000000000004");
    is("1e300 * 1", "", "1e+300");
    is("value * -0.5", "0", "0.0");
    is("1e15 + 0.0, 1e17", "", "1e+15|1e+17");
    is("123456.0 * 10", "", "1234560.0");
    is("value + 0", "1.50", "1.50");  /* the same number as one that came in */
    is("value || ''", "1.50", "1.5"); /* SQLite has made a text of a number */
    is("NULL, '', x'', 'a'", "", "~|||a");
    is("x'00ff41' = cast(x'00ff41' AS BLOB), x'4142'", "", "1|AB");
    is("9e999", "", "makes -e fail: the result is infinite");
    is("value * 1e308", "10", "makes -e fail: the result is infinite");
    is("-9e999 < 1", "", "1");
    is("9e999 - 9e999", "", "~");

    /* Of columns that are the same number, the one that is named; else value, state, new_state, key, source. */
    const struct expr_input input = {
        .key = {"1.0", 3}, .value = {"1.00", 4}, .source = {"1e0", 3}, .state = {"2.0", 3}, .new_state = {"2.00", 4}};
    static const char *const each[][2] = {{"key", "1.0"},
                                          {" Value\n", "1.00"},
                                          {"SOURCE", "1e0"},
                                          {"state", "2.0"},
                                          {"new_state", "2.00"},
                                          {"coalesce(key, value, source)", "1.00"},
                                          {"key, value, source", "1.0|1.00|1e0"},
                                          {"new_state, state, value || '', key", "2.00|2.0|1.0|1.0"},
                                          {"coalesce(key, source)", "1.0"},
                                          {"max(new_state, state)", "2.0"},
                                          {"key, state", "1.0|2.0"},
                                          {"value + 2", "3.0"},
                                          {"record.key", "1.0"},
                                          {"\"key\"", "1.0"},
                                          {"[KEY]", "1.0"}};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        check_input(EXPR_VALUES, each[i][0], &input, each[i][1]);
}

static void check_conditions(void)
{
    static const char *const table[][3] = {{"value > 10", "11", "1"},
                                           {"value > 10", "9", "0"},
                                           {"value > 10", "9e0", "0"},
                                           {"value", "0", "0"},
                                           {"value", "0.0", "0"},
                                           {"value", "0.5", "1"},
                                           {"value", "abc", "0"},
                                           {"NULL", "", "0"},
                                           {"value IS NOT NULL -- so", "", "1"},
                                           {"value = 'a,b' /* so */", "a,b", "1"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        check_value(EXPR_CONDITION, table[i][0], bytes_of(table[i][1]), table[i][2]);
    check_value(EXPR_CONDITION, "num(value) > 1", bytes_of("x"), "makes -e fail: num: \"x\" is not a number");
}

static void check_queries(void)
{
    gives("SELECT upper(value)", "ab", "AB");
    gives("SELECT value", "1.50", "1.50");
    gives("VALUES (value), (value || 'x'), (NULL), (key)", "a", "a;ax;~;k");
    gives("SELECT value FROM json_each(record.value)", "[3,1.5,\"a\",null]", "3;1.5;a;~");
    gives("SELECT a.value FROM record, json_each(record.value) AS a", "[3,1]", "3;1");
    gives("SELECT value FROM json_each(record.value) ORDER BY 1 DESC", "[3,1,2]", "3;2;1");
    gives("SELECT value, key, record.key FROM json_each(record.value) ORDER BY value", "[3,1,2]", "1|1|k;2|2|k;3|0|k");
    gives("SELECT value FROM json_each(record.value) ORDER BY 1 LIMIT 2", "[3,1,2]", "1;2");
    gives("SELECT value UNION ALL SELECT 'b' UNION ALL SELECT key", "a", "a;b;k");
    gives("SELECT value WHERE value > 5", "5", "");
    gives("SELECT value WHERE value > 5", "6", "6");
    gives("SELECT * FROM record", "6", "k|6|~|~|~");
    gives("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < record.value)\n"
          " SELECT i FROM n, record",
          "3", "1;2;3");
    gives("SELECT sum(value), count(*) FROM json_each(record.value) -- all", "[3,1,2]", "6|3");
    gives("SELECT max(value), group_concat(value, '') OVER (ORDER BY key) FROM json_each(record.value) GROUP BY key",
          "[\"a\",\"b\"]", "a|a;b|ab");
    gives("SELECT '', NULL, x''", "", "|~|");
    gives("SELECT value FROM json_each(record.value)", "[1", "makes -e fail: malformed JSON");
    gives("SELECT 9e999", "", "makes -e fail: the result is infinite");
    gives("SELECT value FROM json_each(record.value) WHERE value REGEXP '^a' AND num(key) < 2", "[\"b\",\"ab\",\"a\"]",
          "ab");
    struct expr *expr = open_any(EXPR_QUERY, "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n LIMIT"
                                             " 100000) SELECT i, value FROM n, record ORDER BY -i");
    struct expr_rows rows;
    CHECK(expr_evaluate(expr, &(struct expr_input){.value = {"7.0", 3}}, &rows) == NULL && rows.count == 100000);
    CHECK_TEXT("99999", rows.values[0]);
    CHECK_TEXT("0", rows.values[2 * 99999]);
    CHECK_TEXT("7.0", rows.values[2 * 99999 + 1]);
    expr_close(expr);
}

static void check_functions(void)
{
    is("num(value)", "1.50", "1.50");
    is("num(value) + num('2e0') + num(3)", "1", "6.0");
    is("num(value)", "abc", "makes -e fail: num: \"abc\" is not a number");
    is("num(value)", "007", "makes -e fail: num: \"007\" is not a number");
    is("num(value)", "99999999999999999999", "makes -e fail: num: \"99999999999999999999\" is not a number");
    is("num(NULL)", "", "makes -e fail: num: NULL is not a number");
    is("num(value)", "a\nb\x01", "makes -e fail: num: \"a\\nb\\x01\" is not a number");
    is("typeof(num('5')), typeof(num('5.0'))", "", "integer|real");

    is("field(value, 1), field(value, 2), field(value, 3)", "  a\t b ", "a|b|~");
    is("field(value, 1), field(value, 2), field(value, 4)", "", "~|~|~");
    is("field(value, 1, ','), field(value, 2, ','), field(value, 3, ','), field(value, 4, ',')", "a,,b", "a||b|~");
    is("field(value, 1, ',')", "", "");
    is("field(value, 2, '\\t'), field(value, 2, char(9))", "a b\tc d", "c d|c d");
    is("field(value, 1), field(value, 2, '.')", "1.50", "1.50|50");
    is("typeof(field(value, 1))", "1 2", "text");
    is("field(NULL, 1)", "", "~");
    is("field(value, 0)", "a", "makes -e fail: field: \"0\" is no number of a field: they count from 1");
    is("field(value, 'b')", "a", "makes -e fail: field: \"b\" is no number of a field: they count from 1");
    is("field(value, NULL)", "a", "makes -e fail: field: NULL is no number of a field: they count from 1");
    is("field(value, 1, 'ab')", "a", "makes -e fail: field: \"ab\" is not one byte (\\t stands for a tab)");
    is("field(value, 1, NULL)", "a", "makes -e fail: field: NULL is not one byte (\\t stands for a tab)");

    is("value REGEXP '^[0-9]+$', value REGEXP 'b|c', regexp('x$', value)", "abc", "0|1|0");
    is("value REGEXP '^1.50$'", "1.50", "1");
    is("NULL REGEXP 'a', 'a' REGEXP NULL", "", "~|~");
    is("value REGEXP '^$', value REGEXP ''", "", "1|1");
    is("match(value, '[0-9]+'), match(value, '([a-z]+)=([0-9]+)', 2), match(value, 'z')", "a=12 b=3", "12|12|~");
    is("match(value, '(a)|(b)', 1), match(value, '(a)|(b)', 2)", "b", "~|b");
    is("match(value, 'x*')", "abc", "");
    is("match(NULL, 'a'), match('a', NULL)", "", "~|~");
    is("match(value, '(a)', 2)", "a", "makes -e fail: match: \"(a)\" has no such group");
    is("match(value, '(a)', -1)", "a", "makes -e fail: match: \"(a)\" has no such group");
    is("value REGEXP value", "a(", "makes -e fail: regexp: \"a(\" is no regular expression: Unmatched ( or \\(");
    check_value(EXPR_VALUES, "value REGEXP 'c', match(value, 'b.*'), hex(match(value, '\xff'))",
                (struct bytes){"\xff"
                               "abc",
                               4},
                "1|bc|FF");
    struct expr *expr = open_any(EXPR_VALUES, "key REGEXP value");
    for (int i = 0; i < 100; i++) {
        char text[32];
        snprintf(text, sizeof text, "^%d$", i % 23);
        CHECK_TEXT(i % 23 == 7 ? "1" : "0",
                   bytes_of(shown(expr, &(struct expr_input){.key = {"7", 1}, .value = bytes_of(text)})));
    }
    expr_close(expr);
}

/* A record that fails leaves nothing behind for the next. */
static void check_failures(void)
{
    struct expr *expr = open_any(EXPR_VALUES, "json_extract(value, '$.a')");
    static const char *const values[][2] = {{"{\"a\":1.5}", "1.5"},
                                            {"{\"a\":", "makes -e fail: malformed JSON"},
                                            {"{\"a\":\"x\"}", "x"},
                                            {"{}", "~"},
                                            {"x", "makes -e fail: malformed JSON"},
                                            {"{\"a\":[1, 2]}", "[1,2]"}};
    for (int i = 0; i < 300; i++) {
        const char *const *value = values[i % 6];
        CHECK_TEXT(value[1], bytes_of(shown(expr, &(struct expr_input){.value = bytes_of(value[0])})));
    }
    expr_close(expr);
    is("abs(value)", "-9223372036854775808", "makes -e fail: integer overflow");
    is("length(zeroblob(1000000000))", "", "makes -e fail: string or blob too big");
    is("value || hex(zeroblob(40000000))", "a", "makes -e fail: string or blob too big");
    gives("WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n LIMIT 3000) SELECT hex(zeroblob(20000)) FROM"
          " n",
          "", "makes -e fail: it gives more than 67108864 bytes");
    gives("WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n LIMIT 40) SELECT"
          " length(group_concat(hex(zeroblob(1000000)))) FROM n",
          "", "makes -e fail: string or blob too big");
}

static void check_comma(void)
{
    static const char *const table[][2] = {{"a,b", ",b"},
                                           {"a", NULL},
                                           {"", NULL},
                                           {",", ","},
                                           {"max(a, b), c", ", c"},
                                           {"max(a, b)", NULL},
                                           {"'a,b' || \",\" || [,] || `,`", NULL},
                                           {"'it''s, so', x", ", x"},
                                           {"a -- b, c\n, d", ", d"},
                                           {"a -- b, c", NULL},
                                           {"a /* , */ , b", ", b"},
                                           {"a /* , ", NULL},
                                           {"'a, b", NULL},
                                           {"(a, (b, c)), d", ", d"},
                                           {"a - -b, c", ", c"},
                                           {"a / b, c", ", c"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *found = expr_comma(table[i][0]);
        CHECK_ABOUT(bytes_of(table[i][0]),
                    found == NULL ? table[i][1] == NULL : table[i][1] != NULL && strcmp(found, table[i][1]) == 0);
    }
}

int main(void)
{
    check_binding();
    check_output();
    check_conditions();
    check_queries();
    check_functions();
    check_failures();
    check_comma();
    return check_end();
}
