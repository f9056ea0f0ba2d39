/* Goal of this test: the operators -> and ->> and the functions of JSON give what their pages say, for every kind of
 * JSON and of argument, and refuse the rest, when the expression is compiled if it can be seen then. */
#include "check.h"
#include "expr/function.h"
#include "expr/member.h"

/* An argument as a case writes it: z, bBOOLEAN, nNUMBER, tTEXT, iINPUT, and s and j for an input that came from JSON as
 * a string or as a value. ^ in the text stands for a NUL, and ~ for a byte that is not UTF-8. */
static struct datum datum_of(const char *written)
{
    struct datum datum = {.kind = DATUM_INPUT, .form = DATUM_BYTES};
    char *copy = bytes_string(bytes_of(written + 1));
    for (char *at = copy; (at = strpbrk(at, "^~")) != NULL;)
        *at = *at == '^' ? '\0' : '\xff';
    datum.text = (struct bytes){copy, strlen(written + 1)};
    switch (*written) {
    case 'z':
        datum.kind = DATUM_NULL;
        break;
    case 'b':
        datum.kind = DATUM_BOOLEAN;
        datum.truth = written[1] == 't';
        break;
    case 'n':
        datum.kind = DATUM_NUMBER;
        CHECK(number_parse(datum.text, &datum.number) == NUMBER_OK);
        break;
    case 't':
        datum.kind = DATUM_TEXT;
        break;
    case 's':
        datum.form = DATUM_STRING;
        break;
    case 'j':
        datum.form = DATUM_JSON;
        break;
    default:
        break;
    }
    return datum;
}

/* Appends what a call gives, as datum_of reads it (of a text, t is s or j by its form), or ! and why it fails. */
static void add_result(struct buffer *shown, bool good, const struct datum *result, const struct buffer *why)
{
    char text[NUMBER_TEXT];
    if (!good) {
        buffer_add_byte(shown, '!');
        buffer_add(shown, buffer_bytes(why));
    } else if (result->kind == DATUM_NULL) {
        buffer_add_byte(shown, 'z');
    } else {
        const char form = "tsj"[result->form];
        buffer_add_byte(shown, result->kind == DATUM_BOOLEAN  ? 'b'
                               : result->kind == DATUM_NUMBER ? 'n'
                               : result->kind == DATUM_INPUT  ? (form == 't' ? 'i' : form)
                                                              : (form == 't' ? 't' : 'J'));
        buffer_add(shown, datum_bytes(result, text));
    }
}

/* Returns the result of a call, with the arguments behind the first known when it is compiled, or not. Valid until the
 * next call. */
static const char *result_of(const struct function *function, const char *const *written, bool are_known)
{
    static struct buffer shown;
    struct datum data[8], result = {.kind = DATUM_NULL};
    const struct datum *known[8] = {NULL};
    uint16_t arguments[8];
    struct arena arena = {.at = NULL};
    struct buffer why = {0};
    struct call call = {.registers = data, .arguments = arguments, .arena = &arena, .why = &why};
    bool has_null = false;
    for (; written[call.count] != NULL; call.count++) {
        data[call.count] = datum_of(written[call.count]);
        arguments[call.count] = (uint16_t)call.count;
        known[call.count] = are_known && call.count > 0 ? &data[call.count] : NULL;
        has_null |= data[call.count].kind == DATUM_NULL;
    }
    CHECK(call.count >= function->least && call.count <= function->most);
    shown.size = 0;
    bool good = function->prepare == NULL || function->prepare(&call, known);
    /* Twice, as for two records: the memo is kept. */
    for (int i = 0; i < 2 && good; i++) {
        if (has_null && !function->sees_null)
            give_null(&result);
        else
            good = function->call(&call, &result);
    }
    add_result(&shown, good, &result, &why);
    for (char *at; shown.size > 0 && (at = memchr(shown.data, '\0', shown.size)) != NULL;)
        *at = '^';
    if (call.memo != NULL)
        function->forget(call.memo);
    for (size_t i = 0; i < call.count; i++)
        free((char *)data[i].text.data);
    arena_free(&arena);
    buffer_free(&why);
    return buffer_string(&shown);
}

static const struct function *function_of(const char *name)
{
    return strcmp(name, "->") == 0    ? &function_member
           : strcmp(name, "->>") == 0 ? &function_member_text
                                      : function_find(bytes_of(name));
}

#define KINDS                                                                                                          \
    "i{\"z\":null,\"t\":true,\"f\":false,\"n\":-1.50e2,\"s\":\"x\",\"e\":\"\\n\",\"a\":[1, 2],\"o\":{\"b\": 1}}"

static void check_calls(void)
{
    static const struct {
        const char *name, *arguments[8], *result;
    } cases[] = {
        /* Every kind of JSON. */
        {"->>", {KINDS, "tz"}, "z"},
        {"->>", {KINDS, "tt"}, "btrue"},
        {"->>", {KINDS, "tf"}, "bfalse"},
        {"->>", {KINDS, "tn"}, "j-1.50e2"},
        {"->>", {KINDS, "ts"}, "sx"},
        {"->>", {KINDS, "te"}, "s\n"},
        {"->>", {KINDS, "ta"}, "j[1, 2]"},
        {"->>", {KINDS, "to"}, "j{\"b\": 1}"},
        {"->>", {KINDS, "tx"}, "z"},
        {"->", {KINDS, "tz"}, "jnull"},
        {"->", {KINDS, "tt"}, "jtrue"},
        {"->", {KINDS, "tn"}, "j-1.50e2"},
        {"->", {KINDS, "ts"}, "j\"x\""},
        {"->", {KINDS, "te"}, "j\"\\n\""},
        {"->", {KINDS, "ta"}, "j[1, 2]"},
        {"->", {KINDS, "tx"}, "z"},
        /* Names of any spelling, paths, indices. */
        {"->>", {"i{\"http.status\":200,\"404\":1,\"0\":2,\"a[0]\":3,\"\":4,\"\\u0061\":5}", "thttp.status"}, "j200"},
        {"->>", {"i{\"http.status\":200,\"404\":1,\"0\":2,\"a[0]\":3,\"\":4,\"\\u0061\":5}", "t404"}, "j1"},
        {"->>", {"i{\"http.status\":200,\"404\":1,\"0\":2,\"a[0]\":3,\"\":4,\"\\u0061\":5}", "i0"}, "j2"},
        {"->>", {"i{\"http.status\":200,\"404\":1,\"0\":2,\"a[0]\":3,\"\":4,\"\\u0061\":5}", "ta[0]"}, "j3"},
        {"->>", {"i{\"http.status\":200,\"404\":1,\"0\":2,\"a[0]\":3,\"\":4,\"\\u0061\":5}", "t"}, "j4"},
        {"->>", {"i{\"http.status\":200,\"404\":1,\"0\":2,\"a[0]\":3,\"\":4,\"\\u0061\":5}", "ta"}, "j5"},
        {"->>", {"i{\"$x\":1}", "t$.$x"}, "j1"},
        {"->>", {"i{\"a\":{\"b\":[7,8]}}", "t$.a.b[#-1]"}, "j8"},
        {"->>", {"i[7,8]", "n0"}, "j7"},
        {"->>", {"i[7,8]", "n-1"}, "j8"},
        {"->>", {"i[7,8]", "n-3"}, "z"},
        {"->>", {"i[7,8]", "n2"}, "z"},
        {"->>", {"i[7,8]", "t0"}, "z"},
        {"->>", {"i{\"0\":1}", "n0"}, "z"},
        {"->>", {"i[12345678901234567890123]", "n0"}, "j12345678901234567890123"},
        {"->>", {"i{\"a\":1,\"a\":2}", "ta"}, "j2"},
        {"->>", {"i{\"a\":\"\\u0000\\ud83d\\ude00\"}", "ta"}, "s^\xf0\x9f\x98\x80"},
        {"->>", {"i{\"a\":\"~\"}", "ta"}, "s\xff"},
        /* What is not an object or array, not JSON, or NULL. */
        {"->>", {"i5", "ta"}, "z"},
        {"->>", {"n5", "t$"}, "j5"},
        {"->>", {"btrue", "ta"}, "z"},
        {"->>", {"s{\"a\":1}", "ta"}, "j1"},
        {"->>", {"z", "ta"}, "z"},
        {"->>", {KINDS, "z"}, "z"},
        {"->>", {"i", "ta"}, "!\"\" is not JSON: a value is expected at its end"},
        {"->>", {"i{\"a\":1", "ta"}, "!\"{\\\"a\\\":1\" is not JSON: a comma or } is expected at its end"},
        {"->>", {"i{\"a\":tru}", "tb"}, "!\"{\\\"a\\\":tru}\" is not JSON: a value is expected at byte 6"},
        {"->", {"i'a'", "tb"}, "!\"'a'\" is not JSON: a value is expected at byte 1"},
        {"->>", {"i{\"a\":\"x\\ud800\"}", "ta"}, "!\"x\\\\ud800\" has a lone surrogate \\ud800"},
        {"->", {"i{\"a\":\"x\\ud800\"}", "ta"}, "j\"x\\ud800\""},
        {"->>", {KINDS, "t$a"}, "!\"$a\" is not a path: a point or [ is expected behind a step"},
        {"->>", {KINDS, "n1.5"}, "!1.5 is not the index of an element, a whole number of 32 bits"},
        {"->>", {KINDS, "n1e0"}, "!1e0 is not the index of an element, a whole number of 32 bits"},
        {"->>", {KINDS, "n4294967296"}, "!4294967296 is not the index of an element, a whole number of 32 bits"},
        {"->>", {KINDS, "btrue"}, "!true is no name, path or index"},
        /* How each kind is written into JSON. */
        {"json_array", {NULL}, "J[]"},
        {"json_array", {"z", "btrue", "bfalse", "n1", "n1.50", "n.5", "n007"}, "J[null,true,false,1,1.50,0.5,7]"},
        {"json_array",
         {"t12", "ta\"b\n", "s007", "s12", "j[1, {\"a\" :2}]", "j1.0"},
         "J[\"12\",\"a\\\"b\\n\",\"007\",\"12\",[1,{\"a\":2}],1.0]"},
        {"json_array",
         {"i12", "i1.50", "i-0", "i12345678901234567890", "i1234e56", "i007", "i+1"},
         "J[12,1.50,-0,12345678901234567890,\"1234e56\",\"007\",\"+1\"]"},
        {"json_array", {"i", "i.5", "i1E5", "inull", "i[1]"}, "J[\"\",\".5\",\"1E5\",\"null\",\"[1]\"]"},
        {"json_array", {"ta^\xc3\xa9"}, "J[\"a\\u0000\xc3\xa9\"]"},
        {"json_array", {"ta~"}, "!\"a\\xff\" is not UTF-8, as a string of JSON is"},
        {"json_quote", {"z"}, "Jnull"},
        {"json_quote", {"ta/b"}, "J\"a/b\""},
        {"json_quote", {"i12"}, "J12"},
        {"json_quote", {"j{ }"}, "J{}"},
        {"json_object", {NULL}, "J{}"},
        {"json_object", {"ta", "i1", "n2", "ix", "i\"", "z"}, "J{\"a\":1,\"2\":\"x\",\"\\\"\":null}"},
        {"json_object", {"ta"}, "!each name needs a value behind it: 1 arguments are given"},
        {"json_object", {"z", "n1"}, "!NULL is not the name of a member, which is a text"},
        {"json_object", {"btrue", "n1"}, "!true is not the name of a member, which is a text"},
        {"json_object", {"ta", "n1", "tb", "n2", "ia", "n3"}, "!\"a\" is given twice as a name"},
        {"json_object", {"i~", "n1"}, "!\"\\xff\" is not UTF-8, as a string of JSON is"},
        /* As a whole. */
        {"json", {"i { \"a\" : [ 1.0 , \" \" ] , \"a\":2} "}, "J{\"a\":[1.0,\" \"],\"a\":2}"},
        {"json", {"i{a:1}"}, "!\"{a:1}\" is not JSON: a name in quotes is expected at byte 2"},
        {"json", {"z"}, "z"},
        {"json_valid", {"i{}"}, "btrue"},
        {"json_valid", {"i{} x"}, "bfalse"},
        {"json_valid", {"n12"}, "btrue"},
        {"json_valid", {"z"}, "z"},
        {"json_error_position", {"i{}"}, "n0"},
        {"json_error_position", {"i{\"a\":}"}, "n6"},
        {"json_error_position", {"i"}, "n1"},
        {"json_pretty", {"i5"}, "J5"},
        {"json_pretty", {"i{}"}, "J{}"},
        {"json_pretty",
         {"i{\"a\":[1,{}],\"b\":{\"c\":[ ]}}"},
         "J{\n    \"a\": [\n        1,\n        {}\n    ],\n    \"b\": {\n        \"c\": []\n    }\n}"},
        {"json_pretty", {"i[1,[2]]", "t-"}, "J[\n-1,\n-[\n--2\n-]\n]"},
        {"json_type", {KINDS}, "tobject"},
        {"json_type", {KINDS, "t$.z"}, "tnull"},
        {"json_type", {KINDS, "t$.t"}, "ttrue"},
        {"json_type", {KINDS, "t$.f"}, "tfalse"},
        {"json_type", {KINDS, "t$.n"}, "treal"},
        {"json_type", {KINDS, "t$.s"}, "ttext"},
        {"json_type", {KINDS, "t$.a"}, "tarray"},
        {"json_type", {KINDS, "t$.a[0]"}, "tinteger"},
        {"json_type", {KINDS, "t$.x"}, "z"},
        {"json_type", {KINDS, "tx"}, "!\"x\" is not a path: a $ is expected at the start"},
        {"json_type", {KINDS, "n0"}, "!0 is not a path as $.name is"},
        {"json_array_length", {"i[1,[2,3]]"}, "n2"},
        {"json_array_length", {"i[1,[2,3,4]]", "t$[1]"}, "n3"},
        {"json_array_length", {"i[]"}, "n0"},
        {"json_array_length", {"i{\"a\":1}"}, "n0"},
        {"json_array_length", {"i{\"a\":1}", "t$.b"}, "z"},
        {"json_extract", {KINDS, "t$.s"}, "sx"},
        {"json_extract", {KINDS, "t$.z"}, "z"},
        {"json_extract", {KINDS, "t$.a"}, "j[1, 2]"},
        {"json_extract", {KINDS, "t$.s", "t$.x", "t$.a"}, "J[\"x\",null,[1,2]]"},
        {"json_extract", {KINDS, "z", "t$.a"}, "z"},
        /* Edits. */
        {"json_set", {"i{\"a\" : 1}"}, "J{\"a\":1}"},
        {"json_set", {"i{\"a\":1}", "t$.a", "tx"}, "J{\"a\":\"x\"}"},
        {"json_set", {"i{\"a\":1}", "t$.b", "z", "t$.a", "btrue"}, "J{\"a\":true,\"b\":null}"},
        {"json_set", {"i{}", "t$.a", "j[ ]", "t$.a[0]", "n1", "t$.a[#]", "n2"}, "J{\"a\":[1,2]}"},
        {"json_set", {"i{}", "t$.a.b[0].\"c d\"", "n1"}, "J{\"a\":{\"b\":[{\"c d\":1}]}}"},
        {"json_set", {"i{}", "t$.a[1]", "n1"}, "J{}"},
        {"json_set", {"i[1]", "t$[2]", "n1"}, "J[1]"},
        {"json_set", {"i[1,2]", "t$[#-1]", "n3"}, "J[1,3]"},
        {"json_set", {"i{\"a\":1}", "t$.a.b", "n1"}, "J{\"a\":1}"},
        {"json_set", {"i5", "t$", "n7"}, "J7"},
        {"json_set", {"i{\"a\":1,\"a\":2}", "t$.a", "n3"}, "J{\"a\":1,\"a\":3}"},
        {"json_set", {"i{}", "t$.\"\\u0061\\n\"", "n3"}, "J{\"a\\n\":3}"},
        {"json_set", {"i{\"\\u0061\":1}", "t$.a", "n3"}, "J{\"\\u0061\":3}"},
        {"json_set", {"z", "t$.a", "n3"}, "z"},
        {"json_set", {"i{}", "z", "n3"}, "z"},
        {"json_set", {"i{}", "t$.a"}, "!each path needs a value behind it: 2 arguments are given"},
        {"json_set", {"i{}", "ta", "n3"}, "!\"a\" is not a path: a $ is expected at the start"},
        {"json_set", {"i{", "t$.a", "n3"}, "!\"{\" is not JSON: a name in quotes is expected at its end"},
        {"json_set", {"i{}", "t$.a", "t~"}, "!\"\\xff\" is not UTF-8, as a string of JSON is"},
        {"json_set", {"i{}", "t$.~", "t"}, "!\"\\xff\" is not UTF-8, as a string of JSON is"},
        {"json_insert", {"i{\"a\":1}", "t$.a", "n2", "t$.b", "n3"}, "J{\"a\":1,\"b\":3}"},
        {"json_replace", {"i{\"a\":1}", "t$.a", "n2", "t$.b", "n3"}, "J{\"a\":2}"},
        {"json_remove", {"i{\"a\" :1}"}, "J{\"a\":1}"},
        {"json_remove", {"i{\"a\":1,\"b\":[1,2,3]}", "t$.a", "t$.b[0]", "t$.b[#-1]"}, "J{\"b\":[2]}"},
        {"json_remove", {"i{\"a\":1,\"b\":2,\"\\u0061\":3}", "t$.a"}, "J{\"b\":2}"},
        {"json_remove", {"i{\"a\":1}", "t$.b", "t$[0]", "t$.a.b"}, "J{\"a\":1}"},
        {"json_remove", {"i{\"a\":1}", "t$"}, "z"},
        {"json_patch",
         {"i{\"a\":1,\"b\":{\"c\":1,\"d\":2}}", "t{\"b\":{\"c\":null,\"e\":3},\"f\":{\"g\":null}}"},
         "J{\"a\":1,\"b\":{\"d\":2,\"e\":3},\"f\":{}}"},
        {"json_patch", {"i{\"a\":1,\"a\":2,\"b\":3}", "t{\"b\":4,\"b\":5}"}, "J{\"a\":2,\"b\":5}"},
        {"json_patch", {"i{\"a\":1}", "t[ 1 ]"}, "J[1]"},
        {"json_patch", {"i[1]", "t{\"a\":[null]}"}, "J{\"a\":[null]}"},
        {"json_patch", {"i{\"a\":1,\"\\u0061\":2}", "t{\"a\":null}"}, "J{}"},
        {"json_patch", {"i{}", "t{}"}, "J{}"},
        {"json_patch", {"i{\"\\ud800\":1}", "t{}"}, "!\"\\\\ud800\" has a lone surrogate \\ud800"},
        {"json_patch", {"i{}", "t{"}, "!\"{\" is not JSON: a name in quotes is expected at its end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct function *function = function_of(cases[i].name);
        CHECK_TEXT(cases[i].result, bytes_of(result_of(function, cases[i].arguments, false)));
        CHECK_TEXT(cases[i].result, bytes_of(result_of(function, cases[i].arguments, true)));
    }
}

/* A path that differs from record to record. */
static void check_paths(void)
{
    static const char *const paths[] = {"ta", "t$.b", "tb", "n0", "t$.b", "t$.c[1]", "ta"};
    static const char *const results[] = {"1", "2", "2", NULL, "2", "4", "1"};
    struct datum data[2] = {datum_of("i{\"a\":1,\"b\":2,\"c\":[3,4]}")}, result;
    const uint16_t arguments[] = {0, 1};
    struct arena arena = {.at = NULL};
    struct buffer why = {0};
    struct call call = {.registers = data, .arguments = arguments, .count = 2, .arena = &arena, .why = &why};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        data[1] = datum_of(paths[i]);
        CHECK(member(&call, true, &result));
        CHECK((result.kind == DATUM_NULL) == (results[i] == NULL));
        if (results[i] != NULL)
            CHECK_TEXT(results[i], result.text);
        free((char *)data[1].text.data);
    }
    function_member.forget(call.memo);
    free((char *)data[0].text.data);
    arena_free(&arena);
    buffer_free(&why);
}

static void check_instead(void)
{
    CHECK_TEXT("belongs in a query: -q", bytes_of(function_of("json_each")->instead));
    CHECK_TEXT("belongs in a query: -q", bytes_of(function_of("json_group_array")->instead));
    CHECK_TEXT("makes a binary form of SQLite's own: write json_set", bytes_of(function_of("jsonb_set")->instead));
}

int main(void)
{
    check_calls();
    check_paths();
    check_instead();
    return check_end();
}
