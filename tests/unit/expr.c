/* Goal of this test: an expression gives what the page says, for each kind of operand, or makes the record a bad one
 * with a reason and the place; and nothing of one record is left for the next. Expressions that do not compile, which
 * ends the program, are in tests/expr.bats. */
#include "expr/expr.h"

#include "check.h"

/* The result as text: a value as it is, a condition as true, false or NULL, drop(), discard(), or `!` and the reason.
 */
static const char *shown(struct expr *expr, const struct expr_input *input)
{
    static const char *const words[] = {[EXPR_TRUE] = "true",
                                        [EXPR_FALSE] = "false",
                                        [EXPR_NULL] = "NULL",
                                        [EXPR_DROP] = "drop()",
                                        [EXPR_DISCARD] = "discard()"};
    static struct buffer text;
    struct expr_result result;
    const enum expr_answer answer = expr_evaluate(expr, input, &result);
    text.size = 0;
    if (answer == EXPR_OK)
        buffer_add(&text, result.value);
    else if (answer == EXPR_BAD)
        buffer_print(&text, "!%.*s", (int)strcspn(result.why, "\n"), result.why);
    else
        buffer_print(&text, "%s", words[answer]);
    return buffer_string(&text);
}

/* What an expression gives for a record and a state, twice. */
static void check_all(enum expr_use use, const char *text, const char *key, const char *value, const char *state,
                      const char *expected)
{
    struct expr *expr = expr_open("-e", text, use, EXPR_STATE, NULL);
    const struct bytes copies[] = {check_copy_bytes(bytes_of(key)), check_copy_bytes(bytes_of(value)),
                                   check_copy_bytes(bytes_of(state))};
    const struct expr_input input = {.key = copies[0], .value = copies[1], .state = copies[2], .source = {"src", 3}};
    for (int again = 0; again < 2; again++) {
        const char *found = shown(expr, &input);
        if (strcmp(found, expected) != 0) {
            struct buffer about = {0};
            buffer_print(&about, "%s over %s: %s, not %s", text, value, found, expected);
            CHECK_ABOUT(buffer_bytes(&about), false);
            buffer_free(&about);
        }
    }
    for (size_t i = 0; i < 3; i++)
        free((void *)copies[i].data);
    expr_close(expr);
}

static void check_values(void)
{
    static const struct {
        const char *text, *value, *expected;
    } cases[] = {
        {"value ->> 'id'", "{\"id\":12345678901234567890}", "12345678901234567890"},
        {"value ->> 'id'", "{\"id\":\"007\"}", "007"},
        {"0.1 + 0.2", "", "0.3"},
        {"12.50 * 3", "", "37.5"},
        {"value * 2", "12.50", "25"},
        {"value + 0", "1.50", "1.5"},
        {"value", "1.50", "1.50"},
        {"value", "", ""},
        {"value || 'x'", "1.50", "1.50x"},
        {"value || 1.50 || (1.5 * 1)", "a", "a1.501.5"},
        {"50/200*100", "", "25"},
        {"15/2", "", "7.5"},
        {"value/1048576", "1", "0.00000095367431640625"},
        {"1/3", "", "0.3333333333333333333333333333333333"},
        {"2/3", "", "0.6666666666666666666666666666666667"},
        {"div(value, 2)", "-7", "-3"},
        {"value % 2", "-7", "-1"},
        {"value % 0.4", "1", "0.2"},
        {"value / 0", "1", "!makes -e fail: \"1\" / 0 is a division by zero"},
        {"value % 0", "1", "!makes -e fail: \"1\" % 0 is a division by zero"},
        {"value * value", "99999999999999999999",
         "!makes -e fail: \"99999999999999999999\" * \"99999999999999999999\" is"
         " beyond the range of numbers"},
        {"value + 1", "9223372036854775807", "9223372036854775808"},
        {"value - 1", "-9223372036854775808", "-9223372036854775809"},
        {"- value", "-9223372036854775808", "9223372036854775808"},
        {"value + 1", "abc", "!makes -e fail: \"abc\" is not a number"},
        {"value + 0", "1.021,75", "!makes -e fail: \"1.021,75\" is not a number"},
        {"value + 0", "4.0K", "!makes -e fail: \"4.0K\" is not a number"},
        {"value + 0", "-", "!makes -e fail: \"-\" is not a number"},
        {"value + 0", "", "!makes -e fail: \"\" is not a number"},
        {"value + 0", " 1", "!makes -e fail: \" 1\" is not a number"},
        {"value + 0", "0x10", "!makes -e fail: \"0x10\" is not a number"},
        {"value + 0", "99999999999999999999999999999999999999999",
         "!makes -e fail: \"99999999999999999999999999999999999999999\" is a number beyond the range"},
        {"value + 0", "1e2", "100"},
        {"+ value", "007", "7"},
        {"~value", "5", "-6"},
        {"value & 6 | 1", "12", "5"},
        {"value << 2", "3", "12"},
        {"value >> 70", "-3", "-1"},
        {"value & 1", "1.5", "!makes -e fail: \"1.5\" is not a whole number of 64 bits"},
        {"0xff + value", "1", "256"},
        {"value = '12345'", "12345", "true"},
        {"value = 12345", "12345", "true"},
        {"value = 1.0", "1.00", "true"},
        {"value = '1.0'", "1.00", "false"},
        {"value > 10", "9", "false"},
        {"value > 10", "9abc", "!makes -e fail: \"9abc\" > 10 compares a number with a text that is none"},
        {"value = 10", "9abc", "false"},
        {"value <> 10", "9abc", "true"},
        {"value > '10'", "9", "true"},
        {"value > '10'", "9abc", "true"},
        {"value ->> 's' >= 500", "{\"s\":\"500\"}", "true"},
        {"value ->> 's' BETWEEN 500 AND 599", "{\"s\":\"50\"}", "false"},
        {"value ->> 's' NOT BETWEEN 500 AND 599", "{\"s\":\"50\"}", "true"},
        {"field(value, 2) > 10", "a 9", "false"},
        {"max(10, field(value, 2))", "a 9", "10"},
        {"max(field(value, 1), field(value, 2))", "10 9", "10"},
        {"value ->> 'ok' = 'true'", "{\"ok\":true}", "true"},
        {"value ->> 'ok' = 1", "{\"ok\":true}", "true"},
        {"value ->> 'ok' = 0", "{\"ok\":true}", "false"},
        {"iif(value ->> 'ok', 'y', 'n')", "{\"ok\":true}", "y"},
        {"iif(value ->> 'ok', 'y', 'n')", "{\"ok\":\"yes\"}",
         "!makes -e fail: \"yes\" is no condition: a condition is true, false or NULL"},
        {"value ->> 'a' || ' ' || value ->> 'b'", "{\"a\":1,\"b\":\"x\"}", "1 x"},
        {"(value ->> 'ok') || 'x'", "{\"ok\":true}",
         "!makes -e fail: true is a boolean, and no text: write iif(x, 'yes', 'no')"},
        {"(value ->> 'ok') + 1", "{\"ok\":true}",
         "!makes -e fail: true is a boolean, and no number: write iif(x, 1, 0)"},
        {"value ->> 'http.status'", "{\"http.status\":7}", "7"},
        {"value ->> '404'", "{\"404\":7}", "7"},
        {"value ->> '0'", "{\"0\":7}", "7"},
        {"value ->> 0", "[7]", "7"},
        {"value ->> 'a'", "{}", "!has no result: -e is NULL: write drop() to leave the record out"},
        {"coalesce(value ->> 'a', 'none')", "{}", "none"},
        {"value ->> 'a' + 1", "{}", "!has no result: -e is NULL: write drop() to leave the record out"},
        {"CASE value WHEN '404' THEN 'missing' ELSE drop() END", "404", "missing"},
        {"CASE value WHEN 404 THEN 'missing' ELSE drop() END", "405", "drop()"},
        {"CASE WHEN value > 1 THEN 'a' WHEN value > 0 THEN 'b' END", "1", "b"},
        {"CASE WHEN NULL THEN 1 ELSE 2 END", "", "2"},
        {"NULL IS NULL", "", "true"},
        {"value IS NOT NULL AND value IS '5'", "5", "true"},
        {"value IN (1, 2.0, 'x')", "2", "true"},
        {"coalesce(value IN (1, NULL), 'unknown')", "2", "unknown"},
        {"value NOT IN ()", "2", "true"},
        {"false AND value ->> 'x'", "not json", "false"},
        {"true OR value / 0 > 1", "1", "true"},
        {"coalesce(true AND NULL, 'unknown')", "", "unknown"},
        {"coalesce(NOT NULL, 'unknown')", "", "unknown"},
        {"NOT value = 1", "1", "false"},
        {"length(time())", "", "8"},
        {"CAST(value AS INTEGER)", "-1.9", "-1"},
        {"CAST(value AS INTEGER)", "x", "!makes -e fail: \"x\" is not a number"},
        {"CAST(1.50 AS TEXT) || 'x'", "", "1.50x"},
        {"CAST(value AS REAL) / 3", "1", "0.3333333333333333"},
        {"CAST(value > 1 AS TEXT)", "2", "true"},
        {"1e3 * 1", "", "1000"},
        {"1e300 * value", "1e300", "!makes -e fail: 1e300 * \"1e300\" is beyond the range of numbers"},
        {"json_object('sha', value)", "1234e56", "{\"sha\":\"1234e56\"}"},
        {"json_object('n', value, 'b', value > 1, 'x', NULL)", "12", "{\"n\":12,\"b\":true,\"x\":null}"},
        {"'commit ' || value", "1234e56", "commit 1234e56"},
        {"lower(value)", "\303\204\303\226", "\303\244\303\266"},
        {"value REGEXP '^\\d+$'", "12", "true"},
        {"value REGEXP '\\d+'", "d", "false"},
        {"value LIKE 'A%'", "abc", "true"},
        {"value NOT LIKE 'a!%' ESCAPE '!'", "a%", "false"},
        {"value GLOB '[0-9]*'", "7x", "true"},
        {"source || key", "", "srck"},
        {"record.value || \"key\"", "1", "1k"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_all(EXPR_VALUE, cases[i].text, "k", cases[i].value, NULL, cases[i].expected);
}

static void check_states(void)
{
    static const struct {
        const char *text, *value, *state, *expected;
    } cases[] = {
        {"coalesce(state, 0) + value", "1", "9223372036854775807", "9223372036854775808"},
        {"coalesce(state, 0) + value", "1.5", NULL, "1.5"},
        {"coalesce(state || ',', '') || value", "2.00", "1.50", "1.50,2.00"},
        {"max(coalesce(state, 0), field(value, 2))", "a 9", "10", "10"},
        {"max(coalesce(state, 0), field(value, 2))", "a 10", "9", "10"},
        {"iif(value = 'end', discard(), value)", "end", "1", "discard()"},
        {"iif(value = 'skip', drop(), value)", "skip", "1", "drop()"},
        {"state + value ->> 'n'", "{}", "1",
         "!has no result: -e is NULL: write discard() to discard the key, or drop() to leave the record out"},
        {"state", "x", NULL,
         "!has no result: -e is NULL: write discard() to discard the key, or drop() to leave the record out"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_all(EXPR_NEXT_STATE, cases[i].text, "k", cases[i].value, cases[i].state, cases[i].expected);
}

static void check_conditions(void)
{
    static const char *const cases[][3] = {{"value > 10", "11", "true"},
                                           {"value > 10", "9e0", "false"},
                                           {"NULL", "", "NULL"},
                                           {"value > NULL", "1", "NULL"},
                                           {"value ->> 'a'", "{}", "NULL"},
                                           {"value ->> 'a'", "{\"a\":false}", "false"},
                                           {"value = 'a,b' /* so */", "a,b", "true"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_all(EXPR_CONDITION, cases[i][0], "k", cases[i][1], NULL, cases[i][2]);
}

/* All operators over all pairs of kinds. Each letter is what comes out: t or f for true and false, N for NULL, = for a
 * value, ! for a bad record, ? if it does not compile. The kinds are those of operands below. */
static void check_kinds(void)
{
    /* NULL, a number, a text that is one, a text that is none, input that is a number, and input that is none. */
    static const char *const operands[] = {"nullif(1, 1)", "5", "'5'", "'a'", "value", "key"};
    static const struct {
        const char *sign;
        const char *rows[6];
    } table[] = {
        {"+", {"NNNNNN", "N==!=!", "N==!=!", "N!!!!!", "N==!=!", "N!!!!!"}},
        {"*", {"NNNNNN", "N==!=!", "N==!=!", "N!!!!!", "N==!=!", "N!!!!!"}},
        {"/", {"NNNNNN", "N==!=!", "N==!=!", "N!!!!!", "N==!=!", "N!!!!!"}},
        {"%", {"NNNNNN", "N==!=!", "N==!=!", "N!!!!!", "N==!=!", "N!!!!!"}},
        {"&", {"NNNNNN", "N==!=!", "N==!=!", "N!!!!!", "N==!=!", "N!!!!!"}},
        {"||", {"NNNNNN", "N=====", "N=====", "N=====", "N=====", "N====="}},
        {"=", {"NNNNNN", "Nttftf", "Nttftf", "Nfftft", "Nttftf", "Nfftft"}},
        {"<>", {"NNNNNN", "Nfftft", "Nfftft", "Nttftf", "Nfftft", "Nttftf"}},
        {"<", {"NNNNNN", "Nff!f!", "Nfftft", "N!ffff", "Nfftft", "N!ffff"}},
        {">=", {"NNNNNN", "Ntt!t!", "Nttftf", "N!tttt", "Nttftf", "N!tttt"}},
        {"IS", {"tfffff", "fttftf", "fttftf", "ffftft", "fttftf", "ffftft"}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t a = 0; a < 6; a++)
            for (size_t b = 0; b < 6; b++) {
                struct buffer text = {0}, about = {0};
                buffer_print(&text, "iif(source = '', '', %s) %s iif(source = '', '', %s)", operands[a], table[i].sign,
                             operands[b]);
                struct expr *expr = expr_open("-e", buffer_string(&text), EXPR_VALUE, EXPR_RECORD, NULL);
                const char *found =
                    shown(expr, &(struct expr_input){.key = {"a", 1}, .value = {"5", 1}, .source = {"s", 1}});
                const char letter = strncmp(found, "!has no result", 14) == 0 ? 'N'
                                    : *found == '!'                           ? '!'
                                    : strcmp(found, "true") == 0              ? 't'
                                    : strcmp(found, "false") == 0             ? 'f'
                                                                              : '=';
                buffer_print(&about, "%s %s %s: %s", operands[a], table[i].sign, operands[b], found);
                CHECK_ABOUT(buffer_bytes(&about), letter == table[i].rows[a][b]);
                buffer_free(&about);
                expr_close(expr);
                buffer_free(&text);
            }
}

/* Numbers beyond the range are compared by their digits. */
static void check_beyond(void)
{
    static const char *const ascending[] = {"-1e400",
                                            "-100000000000000000000000000000000000000001",
                                            "-100000000000000000000000000000000000000000",
                                            "-1",
                                            "0.00000000000000000000000000000000000000000000",
                                            "0.00000000000000000000000000000000000000000001",
                                            "0.000000000000000000000000000000000000000000011",
                                            "1",
                                            "99999999999999999999999999999999999999999.5",
                                            "99999999999999999999999999999999999999999.51",
                                            "0100000000000000000000000000000000000000000",
                                            "1e399",
                                            "1e400"};
    const size_t count = sizeof ascending / sizeof *ascending;
    struct expr *less = expr_open("-e", "value < key", EXPR_CONDITION, EXPR_RECORD, NULL);
    struct expr *equal = expr_open("-e", "value = key", EXPR_CONDITION, EXPR_RECORD, NULL);
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < count; b++) {
            const struct expr_input input = {.value = bytes_of(ascending[a]), .key = bytes_of(ascending[b])};
            struct expr_result result;
            CHECK_ABOUT(input.value, expr_evaluate(less, &input, &result) == (a < b ? EXPR_TRUE : EXPR_FALSE));
            CHECK_ABOUT(input.value, expr_evaluate(equal, &input, &result) == (a == b ? EXPR_TRUE : EXPR_FALSE));
        }
    expr_close(less);
    expr_close(equal);
}

/* A record that fails leaves nothing behind for the next. */
static void check_sequence(void)
{
    static const char *const values[][2] = {
        {"{\"a\":1.50}", "1.50!"},    {"{\"a\":", "!"}, {"{\"a\":\"x\"}", "x!"}, {"{}", "!"}, {"x", "!"},
        {"{\"a\":[1, 2]}", "[1, 2]!"}};
    struct expr *expr = expr_open("-e", "value ->> 'a' || '!'", EXPR_VALUE, EXPR_RECORD, NULL);
    for (int i = 0; i < 300; i++) {
        const char *const *value = values[i % 6];
        const char *found = shown(expr, &(struct expr_input){.value = bytes_of(value[0])});
        CHECK_ABOUT(bytes_of(found), value[1][0] == '!' ? found[0] == '!' : strcmp(found, value[1]) == 0);
    }
    expr_close(expr);
}

/* The lines behind the first show the expression and a caret under the place. */
static void check_place(void)
{
    struct expr *expr = expr_open("-e", "1 + value * 2", EXPR_VALUE, EXPR_RECORD, NULL);
    struct expr_result result;
    CHECK(expr_evaluate(expr, &(struct expr_input){.value = {"x", 1}}, &result) == EXPR_BAD);
    CHECK_TEXT("makes -e fail: \"x\" is not a number\n    1 + value * 2\n              ^", bytes_of(result.why));
    expr_close(expr);
}

/* STATE,EMIT: where the first expression ends. */
static void check_rest(void)
{
    static const char *const table[][2] = {{"value,key", "key"},
                                           {"value", NULL},
                                           {"max(value, key), key", " key"},
                                           {"'a,b' || value /* , */ , key", " key"},
                                           {"(value), (key), source", " (key), source"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *rest;
        expr_close(expr_open("-e", table[i][0], EXPR_VALUE, EXPR_RECORD, &rest));
        CHECK_TEXT(table[i][1] != NULL ? table[i][1] : "none", bytes_of(rest != NULL ? rest : "none"));
    }
}

int main(void)
{
    check_values();
    check_states();
    check_conditions();
    check_kinds();
    check_beyond();
    check_sequence();
    check_place();
    check_rest();
    return check_end();
}
