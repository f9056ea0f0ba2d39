/* Goal of this test: columns go into a query as what they are, and untouched ones come out as they came in; rows keep
 * their order; and what makes a record a bad one is said. Queries that do not compile, which ends the program, are in
 * tests/expr.bats. */
#include "expr/query.h"

#include "check.h"

/* The rows as text: columns between `|`, rows between `;`, drop() and discard() as `~`; or why there are none. */
static const char *shown(struct query *query, const struct expr_input *input)
{
    static struct buffer text;
    struct query_rows rows;
    const char *why = query_evaluate(query, input, &rows);
    if (why != NULL)
        return why;
    text.size = 0;
    for (size_t i = 0; i < rows.count * query_columns(query); i++) {
        if (i > 0)
            buffer_add_byte(&text, i % query_columns(query) == 0 ? ';' : '|');
        buffer_add(&text, rows.values[i].data != NULL ? rows.values[i] : bytes_of("~"));
    }
    return buffer_string(&text);
}

static struct query *open_any(const char *text)
{
    return query_open("-q", text, EXPR_RECORD, 1, 9);
}

/* What a query makes of an input, and of the same once more. */
static void check_input(const char *text, const struct expr_input *input, const char *expected)
{
    struct query *query = open_any(text);
    for (int again = 0; again < 2; again++)
        CHECK_TEXT(expected, bytes_of(shown(query, input)));
    query_close(query);
}

static void check_value(const char *text, struct bytes value, const char *expected)
{
    struct bytes copy = check_copy_bytes(value);
    check_input(text, &(struct expr_input){.key = {"k", 1}, .value = copy}, expected);
    free((void *)copy.data);
}

static void gives(const char *text, const char *value, const char *expected)
{
    check_value(text, bytes_of(value), expected);
}

/* The same for the columns of a SELECT. */
static void is(const char *columns, const char *value, const char *expected)
{
    struct buffer text = {0};
    buffer_print(&text, "SELECT %s", columns);
    gives(buffer_string(&text), value, expected);
    buffer_free(&text);
}

/* A value is of a type, and comes out as it is. */
static void is_type(const char *type, const char *value)
{
    is("typeof(value)", value, type);
    is("value", value, value);
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
    check_value("SELECT value IS NULL, coalesce(value, drop())", (struct bytes){NULL, 0}, "1|~");
    check_value("SELECT typeof(value)", (struct bytes){"", 0}, "text");
    check_value("SELECT hex(value)", (struct bytes){"a\0b", 3}, "610062");
    check_value("SELECT hex(value || 'x')", (struct bytes){"\xff", 1}, "FF78");
    struct query *query = open_any("SELECT value");
    struct query_rows rows;
    CHECK(query_evaluate(query, &(struct expr_input){.value = {"a\0\xff", 3}}, &rows) == NULL && rows.count == 1 &&
          bytes_equal(rows.values[0], (struct bytes){"a\0\xff", 3}));
    query_close(query);
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
    is("drop(), '', x'', 'a'", "", "~|||a");
    is("x'00ff41' = cast(x'00ff41' AS BLOB), x'4142'", "", "1|AB");
    is("9e999", "", "makes -q fail: the result is infinite");
    is("value * 1e308", "10", "makes -q fail: the result is infinite");
    is("-9e999 < 1", "", "1");
    is("9e999 - 9e999", "", "makes -q fail: the result is NULL: write drop() to leave it out");

    /* Of columns that are the same number: value, then key, then source. */
    const struct expr_input input = {.key = {"1.0", 3}, .value = {"1.00", 4}, .source = {"1e0", 3}};
    const struct expr_input other = {.key = {"1.0", 3}, .value = {"2", 1}, .source = {"1e0", 3}};
    check_input("SELECT value, key, source", &input, "1.00|1.00|1.00");
    check_input("SELECT value, key, source", &other, "2|1.0|1.0");
    check_input("SELECT record.key, [KEY], \"key\", value + 2", &other, "1.0|1.0|1.0|4");
}

static void check_queries(void)
{
    gives("SELECT upper(value)", "ab", "AB");
    gives("SELECT value", "1.50", "1.50");
    gives("VALUES (value), (value || 'x'), (drop()), (key)", "a", "a;ax;~;k");
    gives("SELECT value FROM json_each(record.value)", "[3,1.5,\"a\"]", "3;1.5;a");
    gives("SELECT a.value FROM record, json_each(record.value) AS a", "[3,1]", "3;1");
    gives("SELECT value FROM json_each(record.value) ORDER BY 1 DESC", "[3,1,2]", "3;2;1");
    gives("SELECT value, key, record.key FROM json_each(record.value) ORDER BY value", "[3,1,2]", "1|1|k;2|2|k;3|0|k");
    gives("SELECT value FROM json_each(record.value) ORDER BY 1 LIMIT 2", "[3,1,2]", "1;2");
    gives("SELECT value UNION ALL SELECT 'b' UNION ALL SELECT key", "a", "a;b;k");
    gives("SELECT value WHERE value > 5", "5", "");
    gives("SELECT value WHERE value > 5", "6", "6");
    gives("SELECT key, value FROM (SELECT * FROM record)", "6", "k|6");
    gives("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < record.value)\n"
          " SELECT i FROM n, record",
          "3", "1;2;3");
    gives("SELECT sum(value), count(*) FROM json_each(record.value) -- all", "[3,1,2]", "6|3");
    gives("SELECT max(value), group_concat(value, '') OVER (ORDER BY key) FROM json_each(record.value) GROUP BY key",
          "[\"a\",\"b\"]", "a|a;b|ab");
    gives("SELECT '', discard(), x''", "", "makes -q fail: discard() has its place in the first column, of a state");
    gives("SELECT value FROM json_each(record.value)", "[1", "makes -q fail: malformed JSON");
    gives("SELECT 9e999", "", "makes -q fail: the result is infinite");
    gives("SELECT value FROM json_each(record.value) WHERE value REGEXP '^a' AND num(key) < 2", "[\"b\",\"ab\",\"a\"]",
          "ab");
    struct query *query = open_any("WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n LIMIT"
                                   " 100000) SELECT i, value FROM n, record ORDER BY -i");
    struct query_rows rows;
    CHECK(query_evaluate(query, &(struct expr_input){.value = {"7.0", 3}}, &rows) == NULL && rows.count == 100000);
    CHECK_TEXT("99999", rows.values[0]);
    CHECK_TEXT("0", rows.values[2 * 99999]);
    CHECK_TEXT("7.0", rows.values[2 * 99999 + 1]);
    query_close(query);
}

static void check_functions(void)
{
    is("num(value)", "1.50", "1.50");
    is("num(value) + num('2e0') + num(3)", "1", "6.0");
    is("num(value)", "abc", "makes -q fail: num: \"abc\" is not a number");
    is("num(value)", "007", "7");
    is("num(NULL)", "", "makes -q fail: num: NULL is not a number");
    is("num(value)", "a\nb\x01", "makes -q fail: num: \"a\\nb\\x01\" is not a number");
    is("typeof(num('5')), typeof(num('5.5'))", "", "integer|real");

    is("field(value, 1), field(value, 2), coalesce(field(value, 3), 'none')", "  a\t b ", "a|b|none");
    is("field(value, 1, ','), field(value, 2, ','), field(value, 3, ',')", "a,,b", "a||b");
    is("field(value, 1), field(value, 2, '.')", "1.50", "1.50|50");
    is("typeof(field(value, 1))", "1 2", "text");
    is("field(value, 0)", "a", "makes -q fail: field: \"0\" is not the number of a field: they count from 1");
    is("value REGEXP '^[0-9]+$', value REGEXP 'b|c', regexp('x$', value)", "abc", "0|1|0");
    is("value REGEXP '^1.50$'", "1.50", "1");
    is("coalesce(NULL REGEXP 'a', 'unknown')", "", "unknown");
    is("match(value, '[0-9]+'), match(value, '([a-z]+)=([0-9]+)', 2)", "a=12 b=3", "12|12");
    /* One function at several places, of which each has its own constants. */
    is("timestamp(value, 'ms'), timestamp(value, '%Y'), timestamp(value, 's')", "2026", "2.026|1767225600|2026");
    is("time_floor(num(value), 'day'), time_floor(num(value), 'hour')", "90001", "86400|90000");
    is("time_text(num(value), '%Y'), time_text(num(value), '%M')", "60", "1970|01");
    is("match(value, '(a)(b)', 1), match(value, '(a)(b)', 2), match(value, '(b)', 1)", "ab", "a|b|b");
    is("timestamp(value, iif(value < 5000, '%Y', 'ms'))", "6000", "6");
    is("lower(value), upper(value), div(7, 2)", "\303\204b", "\303\244b|\303\204B|3");
    check_value("SELECT value REGEXP 'c', match(value, 'b.*'), hex(match(value, '\xff'))",
                (struct bytes){"\xff"
                               "abc",
                               4},
                "1|bc|FF");
    struct query *query = open_any("SELECT key REGEXP value");
    for (int i = 0; i < 100; i++) {
        char text[32];
        snprintf(text, sizeof text, "^%d$", i % 23);
        CHECK_TEXT(i % 23 == 7 ? "1" : "0",
                   bytes_of(shown(query, &(struct expr_input){.key = {"7", 1}, .value = bytes_of(text)})));
    }
    query_close(query);
}

/* A record that fails leaves nothing behind for the next. */
static void check_failures(void)
{
    struct query *query = open_any("SELECT json_extract(value, '$.a')");
    static const char *const values[][2] = {{"{\"a\":1.5}", "1.5"},
                                            {"{\"a\":", "makes -q fail: malformed JSON"},
                                            {"{\"a\":\"x\"}", "x"},
                                            {"{}", "makes -q fail: the result is NULL: write drop() to leave it out"},
                                            {"x", "makes -q fail: malformed JSON"},
                                            {"{\"a\":[1, 2]}", "[1,2]"}};
    for (int i = 0; i < 300; i++) {
        const char *const *value = values[i % 6];
        CHECK_TEXT(value[1], bytes_of(shown(query, &(struct expr_input){.value = bytes_of(value[0])})));
    }
    query_close(query);
    is("abs(value)", "-9223372036854775808", "makes -q fail: integer overflow");
    is("length(zeroblob(1000000000))", "", "makes -q fail: string or blob too big");
    is("value || hex(zeroblob(40000000))", "a", "makes -q fail: string or blob too big");
    gives("WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n LIMIT 3000) SELECT hex(zeroblob(20000)) FROM"
          " n",
          "", "makes -q fail: it gives more than 67108864 bytes");
    gives("WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n LIMIT 40) SELECT"
          " length(group_concat(hex(zeroblob(1000000)))) FROM n",
          "", "makes -q fail: string or blob too big");
}

int main(void)
{
    check_binding();
    check_output();
    check_queries();
    check_functions();
    check_failures();
    return check_end();
}
