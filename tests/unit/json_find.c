/* Goal of this test: json_find finds what a path leads to in JSON, the last of members of one name, and says what is
 * not JSON and where; its other functions take strings, arrays and objects apart. */
#include "value/json_find.h"

#include "check.h"
#include "value/json_path.h"

static const char *const kinds[] = {"none", "null", "false", "true", "number", "string", "array", "object"};

/* Returns what the path leads to, as "KIND TEXT", or the fault. Valid until the next call. */
static const char *found_by(struct bytes text, const char *path_text)
{
    static struct buffer shown;
    struct json_path path = {.count = 0};
    struct json_value found;
    struct json_fault fault;
    char *copy = bytes_allocate(text.size);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    shown.size = 0;
    const char *why = json_path_read(&path, bytes_of(path_text));
    if (why != NULL) {
        buffer_print(&shown, "%s", why);
    } else if (!json_find((struct bytes){copy, text.size}, path.steps, path.count, &found, &fault)) {
        json_fault_add(&shown, &fault);
    } else {
        buffer_print(&shown, "%s%s", kinds[found.kind], found.escaped ? " escaped" : "");
        if (found.kind >= JSON_NUMBER) {
            buffer_add_byte(&shown, ' ');
            buffer_add(&shown, found.text);
        }
    }
    free(copy);
    json_path_free(&path);
    return buffer_string(&shown);
}

static void check_found(void)
{
    static const struct {
        const char *text, *path, *found;
    } cases[] = {
        /* Scalars, and the whole. */
        {"null", "$", "null"},
        {" true ", "$", "true"},
        {"\nfalse\t", "$", "false"},
        {"\r17", "$", "number 17"},
        {"-0.50e+3", "$", "number -0.50e+3"},
        {"0", "$", "number 0"},
        {"1E400", "$", "number 1E400"},
        {"123456789012345678901234567890.1", "$", "number 123456789012345678901234567890.1"},
        {"\"\"", "$", "string \"\""},
        {"\"a\"", "$", "string \"a\""},
        {"\"\\n\"", "$", "string escaped \"\\n\""},
        {"\"\xc3\xa9\xff\x7f\"", "$", "string \"\xc3\xa9\xff\x7f\""},
        {"\"more than eight bytes, and more than sixteen\"", "$",
         "string \"more than eight bytes, and more than sixteen\""},
        {" [ 1 ] ", "$", "array [ 1 ]"},
        {"{}", "$", "object {}"},
        {"{\"a\":1}", "$", "object {\"a\":1}"},
        /* Members. */
        {"{}", "$.a", "none"},
        {" {\t} \r\n", "$.a", "none"},
        {"{\"a\":1}", "$.a", "number 1"},
        {"{\"a\":-0.5e+3,\"b\":2}", "$.a", "number -0.5e+3"},
        {"{ \"b\" : [ ] , \"a\" : true }", "$.a", "true"},
        {"{\"a\":null}", "$.a", "null"},
        {"{\"a\":[1, {}]}", "$.a", "array [1, {}]"},
        {"{\"a\":{\"b\" : {}}}", "$.a", "object {\"b\" : {}}"},
        {"{\"aa\":1,\"\":2,\"A\":3}", "$.a", "none"},
        {"{\"aa\":1,\"\":2,\"A\":3}", "$.\"\"", "number 2"},
        {"{\"http.status\":200,\"0\":1}", "$.\"http.status\"", "number 200"},
        {"{\"http.status\":200,\"0\":1}", "$.0", "number 1"},
        {"{\"a b\":1}", "$.a b", "number 1"},
        {"{\"x\":{\"a\":1}}", "$.a", "none"},
        {"{\"a\":{\"b\":{\"c\":7}}}", "$.a.b.c", "number 7"},
        {"{\"a\":{\"b\":{\"c\":7}}}", "$.a.b", "object {\"c\":7}"},
        {"{\"a\":{\"b\":{\"c\":7}}}", "$.a.c", "none"},
        /* Of several members of one name the last counts, on the way too. */
        {"{\"a\":1,\"a\":2}", "$.a", "number 2"},
        {"{\"a\":1,\"a\":null}", "$.a", "null"},
        {"{\"a\":{\"b\":1},\"a\":{\"b\":2}}", "$.a.b", "number 2"},
        {"{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "$.a.b", "none"},
        {"{\"a\":{\"b\":1},\"a\":3}", "$.a.b", "none"},
        {"{\"a\":[1],\"a\":[]}", "$.a[0]", "none"},
        {"{\"a\":[1],\"a\":[2,3]}", "$.a[#-1]", "number 3"},
        {"{\"a\":1,\"\\u0061\":2}", "$.a", "number 2"},
        {"{\"\\u0061\":1,\"a\":2}", "$.a", "number 2"},
        /* Names with escapes. */
        {"{\"\\u0061\":1}", "$.a", "number 1"},
        {"{\"\\u00e9\\n\":1}", "$.\"\xc3\xa9\\n\"", "number 1"},
        {"{\"x\\ud83d\\ude00y\":1}", "$.x\xf0\x9f\x98\x80y", "number 1"},
        {"{\"x\\ud83d\":1}", "$.x", "none"},
        {"{\"x\\ud83d\":1}", "$.xy", "none"},
        {"{\"\\\"\":1}", "$.\"\\\"\"", "number 1"},
        {"{\"ab\\u0063\":1}", "$.ab", "none"},
        {"{\"ab\\u0063\":1}", "$.abcd", "none"},
        /* Elements. */
        {"[]", "$[0]", "none"},
        {"[1,2,3]", "$[0]", "number 1"},
        {"[1,2,3]", "$[2]", "number 3"},
        {"[1,2,3]", "$[3]", "none"},
        {"[1,2,3]", "$[#]", "none"},
        {"[1,2,3]", "$[#-0]", "none"},
        {"[1,2,3]", "$[#-1]", "number 3"},
        {"[1,2,3]", "$[#-3]", "number 1"},
        {"[1,2,3]", "$[#-4]", "none"},
        {"[[1,2],[3,[4,5]]]", "$[1][1][0]", "number 4"},
        {"[[1,2],[3,[4,5]]]", "$[#-1][#-1][#-1]", "number 5"},
        {"[{\"a\":[{\"b\":1}]}]", "$[0].a[0].b", "number 1"},
        {"[1,2,3]", "$[999999999999999999]", "none"},
        /* A step to another kind. */
        {"{\"0\":1}", "$[0]", "none"},
        {"[1]", "$.a", "none"},
        {"1", "$.a", "none"},
        {"\"abc\"", "$[0]", "none"},
        {"{\"a\":\"b\"}", "$.a.b", "none"},
        /* What is not looked for is read, too. */
        {"{\"x\":[[],[1,\"]\",{}]],\"a\":1}", "$.a", "number 1"},
        {"{\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD800\",\"a\":1}", "$.a", "number 1"},
        /* Not JSON. */
        {"", "$", "is not JSON: a value is expected at its end"},
        {" ", "$", "is not JSON: a value is expected at its end"},
        {"abc", "$", "is not JSON: a value is expected at byte 1"},
        {"'a'", "$", "is not JSON: a value is expected at byte 1"},
        {"NaN", "$", "is not JSON: a value is expected at byte 1"},
        {"-Infinity", "$", "is not JSON: a digit is expected at byte 2"},
        {"{", "$.a", "is not JSON: a name in quotes is expected at its end"},
        {"{\"a\"", "$.a", "is not JSON: a colon is expected at its end"},
        {"{\"a\":", "$.a", "is not JSON: a value is expected at its end"},
        {"{\"a\":1", "$.a", "is not JSON: a comma or } is expected at its end"},
        {"{\"a\":1,", "$.a", "is not JSON: a name in quotes is expected at its end"},
        {"{\"a\":1,}", "$.a", "is not JSON: a name in quotes is expected at byte 8"},
        {"{,\"a\":1}", "$.a", "is not JSON: a name in quotes is expected at byte 2"},
        {"{\"a\":1}}", "$.a", "is not JSON: the end is expected at byte 8"},
        {"{\"a\":1} x", "$.a", "is not JSON: the end is expected at byte 9"},
        {"{\"a\":1]", "$.a", "is not JSON: a comma or } is expected at byte 7"},
        {"{\"a\" 1}", "$.a", "is not JSON: a colon is expected at byte 6"},
        {"{\"a\":1 \"b\":2}", "$.a", "is not JSON: a comma or } is expected at byte 8"},
        {"{a:1}", "$.a", "is not JSON: a name in quotes is expected at byte 2"},
        {"{1:1}", "$.a", "is not JSON: a name in quotes is expected at byte 2"},
        {"{\"a\":}", "$.a", "is not JSON: a value is expected at byte 6"},
        {"{\"a\":1,\"b\":01}", "$.a",
         "is not JSON: no digit is expected behind a 0 at the start of a number at byte 13"},
        {"-", "$", "is not JSON: a digit is expected at its end"},
        {"+1", "$", "is not JSON: a value is expected at byte 1"},
        {"1.", "$", "is not JSON: a digit is expected at its end"},
        {".5", "$", "is not JSON: a value is expected at byte 1"},
        {"1e", "$", "is not JSON: a digit is expected at its end"},
        {"1e+", "$", "is not JSON: a digit is expected at its end"},
        {"1.5e", "$", "is not JSON: a digit is expected at its end"},
        {"1.e5", "$", "is not JSON: a digit is expected at byte 3"},
        {"0x10", "$", "is not JSON: the end is expected at byte 2"},
        {"[1.5.2]", "$", "is not JSON: a comma or ] is expected at byte 5"},
        {"tru", "$", "is not JSON: a value is expected at byte 1"},
        {"true1", "$", "is not JSON: the end is expected at byte 5"},
        {"{\"a\":nul", "$.a", "is not JSON: a value is expected at byte 6"},
        {"\"x", "$", "is not JSON: a quote that ends the string is expected at its end"},
        {"\"x\\\"", "$", "is not JSON: a quote that ends the string is expected at its end"},
        {"\"x\\", "$", "is not JSON: one of \"\\/bfnrtu is expected behind a backslash at its end"},
        {"\"\\x\"", "$", "is not JSON: one of \"\\/bfnrtu is expected behind a backslash at byte 3"},
        {"\"\\u12g4\"", "$", "is not JSON: a hexadecimal digit is expected at byte 6"},
        {"\"\\u123\"", "$", "is not JSON: a hexadecimal digit is expected at byte 7"},
        {"\"\\u12", "$", "is not JSON: a hexadecimal digit is expected at its end"},
        {"\"\t\"", "$", "is not JSON: a control character in a string is expected as an escape at byte 2"},
        {"{\"\n\":1}", "$.a", "is not JSON: a control character in a string is expected as an escape at byte 3"},
        {"[1,]", "$", "is not JSON: a value is expected at byte 4"},
        {"[,1]", "$", "is not JSON: a value is expected at byte 2"},
        {"[1 2]", "$", "is not JSON: a comma or ] is expected at byte 4"},
        {"[1,[2}]", "$[#-1]", "is not JSON: a comma or ] is expected at byte 6"},
        {"{\"x\":[1,],\"a\":1}", "$.a", "is not JSON: a value is expected at byte 9"},
        {"\f{\"a\":1}", "$.a", "is not JSON: a value is expected at byte 1"},
        {"\xef\xbb\xbf{}", "$", "is not JSON: a value is expected at byte 1"},
        {"{} //", "$", "is not JSON: the end is expected at byte 4"},
        /* Not a path. */
        {"{}", "", "a $ is expected at the start"},
        {"{}", "a", "a $ is expected at the start"},
        {"{}", "$a", "a point or [ is expected behind a step"},
        {"{}", "$.", "a name is expected behind a point"},
        {"{}", "$..a", "a name is expected behind a point"},
        {"{}", "$.\"a", "a quote that ends the name is expected"},
        {"{}", "$.\"a\\\"", "a quote that ends the name is expected"},
        {"{}", "$.\"a\"b", "a point or [ is expected behind a step"},
        {"{}", "$.\"\\ud800\"", "a surrogate of the name is not one of a pair"},
        {"{}", "$.\"\\x\"", "one of \"\\/bfnrtu is expected behind a backslash"},
        {"{}", "$[", "a ] is expected"},
        {"{}", "$[0", "a ] is expected"},
        {"{}", "$[0]a", "a point or [ is expected behind a step"},
        {"{}", "$[]", "an index of at most 18 digits is expected, as in [0], [#-1] or [#]"},
        {"{}", "$[-1]", "an index of at most 18 digits is expected, as in [0], [#-1] or [#]"},
        {"{}", "$[+1]", "an index of at most 18 digits is expected, as in [0], [#-1] or [#]"},
        {"{}", "$[#1]", "an index of at most 18 digits is expected, as in [0], [#-1] or [#]"},
        {"{}", "$[#-]", "an index of at most 18 digits is expected, as in [0], [#-1] or [#]"},
        {"{}", "$[#--1]", "an index of at most 18 digits is expected, as in [0], [#-1] or [#]"},
        {"{}", "$[1x]", "an index of at most 18 digits is expected, as in [0], [#-1] or [#]"},
        {"{}", "$[1234567890123456789]", "an index of at most 18 digits is expected, as in [0], [#-1] or [#]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_TEXT(cases[i].found, bytes_of(found_by(bytes_of(cases[i].text), cases[i].path)));
    CHECK_TEXT("is not JSON: a comma or } is expected at byte 7",
               bytes_of(found_by((struct bytes){"{\"a\":1\0}", 8}, "$.a")));
    CHECK_TEXT("is not JSON: the end is expected at byte 8",
               bytes_of(found_by((struct bytes){"{\"a\":1}\0", 8}, "$.a")));
    CHECK_TEXT("is not JSON: a control character in a string is expected as an escape at byte 3",
               bytes_of(found_by((struct bytes){"\"a\0\"", 4}, "$")));
}

/* A path that is read again, and another after it. */
static void check_path(void)
{
    static const char *const texts[] = {"$.a", "$.a", "$.b[1]", "$", "$.a"};
    static const size_t counts[] = {1, 1, 2, 0, 1};
    struct json_path path = {.count = 0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(json_path_read(&path, bytes_of(texts[i])) == NULL);
        CHECK(path.count == counts[i]);
    }
    CHECK(json_path_read(&path, bytes_of("$a")) != NULL);
    CHECK(json_path_read(&path, bytes_of("$a")) != NULL);
    json_path_one(&path, (struct json_step){.name = bytes_of("$.a")});
    CHECK(path.count == 1);
    CHECK_TEXT("$.a", path.steps[0].name);
    CHECK(json_path_read(&path, bytes_of("$.a")) == NULL);
    CHECK_TEXT("a", path.steps[0].name);
    json_path_one(&path, json_path_index(-2));
    CHECK(path.steps[0].name.data == NULL && path.steps[0].from_end && path.steps[0].index == 2);
    json_path_free(&path);
}

static void check_levels(void)
{
    for (unsigned levels = 998; levels < 1003; levels++) {
        struct buffer text = {0};
        buffer_print(&text, "{\"a\":1,\"x\":");
        for (unsigned i = 1; i < levels; i++)
            buffer_print(&text, i % 2 == 0 ? "{\"x\":" : "[");
        buffer_print(&text, "0");
        for (unsigned i = levels - 1; i > 0; i--)
            buffer_print(&text, i % 2 == 0 ? "}" : "]");
        buffer_print(&text, "}");
        const char *found = found_by(buffer_bytes(&text), "$.a");
        CHECK_TEXT(levels <= 1000 ? "number 1" : "is not JSON: no deeper level than 1000 is expected at byte 3007",
                   bytes_of(found));
        buffer_free(&text);
    }
}

/* Every byte that is special in a string, at every place of a block. */
static void check_places(void)
{
    for (size_t size = 0; size < 70; size++) {
        for (size_t place = 0; place <= size; place++) {
            struct buffer text = {0};
            buffer_add_byte(&text, '"');
            for (size_t i = 0; i < size; i++)
                buffer_print(&text, "%s", i == place ? "\\n" : "\xe9");
            buffer_add_byte(&text, '"');
            const char *found = found_by(buffer_bytes(&text), "$");
            CHECK(strncmp(found, "string", 6) == 0 && (found[7] == 'e') == (place < size));
            if (place < size) {
                text.data[place + 1] = '\x1f';
                found = found_by(buffer_bytes(&text), "$");
                CHECK(strncmp(found, "is not JSON: a control", 22) == 0);
            }
            buffer_free(&text);
        }
    }
}

static void check_unescape(void)
{
    static const struct {
        const char *string, *text;
        bool lone;
    } cases[] = {
        {"\"\"", "", false},
        {"\"plain\"", "plain", false},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", false},
        {"\"a\\u0041\\u00e9\\u20AC\\uffff.\"", "aA\xc3\xa9\xe2\x82\xac\xef\xbf\xbf.", false},
        {"\"\\ud83d\\uDE00\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x9f\x98\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", false},
        {"\"\\u007f\\u0080\\u07ff\\u0800\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80", false},
        {"\"\xff\\n\xfe\"", "\xff\n\xfe", false},
        {"\"\\\\u0041\"", "\\u0041", false},
        {"\"a\\ud800\"", "\\ud800", true},
        {"\"a\\ud800b\"", "\\ud800", true},
        {"\"\\udc00\\ud800\"", "\\udc00", true},
        {"\"\\ud800\\u0041\"", "\\ud800", true},
        {"\"\\ud800\\n\"", "\\ud800", true},
        {"\"\\ud800\\ud800\\udc00\"", "\\ud800", true},
    };
    char room[100];
    struct bytes text;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bytes copy = check_copy(cases[i].string);
        CHECK(json_unescape(copy, room, &text) == !cases[i].lone);
        CHECK_TEXT(cases[i].text, text);
        if (!cases[i].lone) {
            CHECK(json_unescape(copy, (char *)copy.data, &text));
            CHECK_TEXT(cases[i].text, text);
        }
        free((char *)copy.data);
    }
    CHECK(json_unescape(bytes_of("\"a\\u0000b\""), room, &text));
    CHECK(bytes_equal(text, (struct bytes){"a\0b", 3}));
}

static void check_walk(void)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"[]", ""},
        {"[ ]", ""},
        {"{ }", ""},
        {"[1]", "number 1;"},
        {"[ 1 , \"\\n\",[2, 3] ,{\"a\": 1},null,true,false ]",
         "number 1;string \"\\n\";array [2, 3];object {\"a\": 1};null null;true true;false false;"},
        {"{\"a\":1,\"a\" : { } , \"\\u0062\":[[]] }", "\"a\" number 1;\"a\" object { };\"\\u0062\" array [[]];"},
    };
    struct buffer shown = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bytes copy = check_copy(cases[i].text);
        struct json_walk walk = json_walk(copy);
        struct json_value name, value;
        shown.size = 0;
        while (json_next(&walk, &name, &value)) {
            if (walk.object)
                buffer_print(&shown, "%.*s ", (int)name.text.size, name.text.data);
            buffer_print(&shown, "%s %.*s;", kinds[value.kind], (int)value.text.size, value.text.data);
        }
        CHECK_TEXT(cases[i].shown, buffer_bytes(&shown));
        free((char *)copy.data);
    }
    buffer_free(&shown);
}

static void check_compact(void)
{
    static const char *const cases[][2] = {
        {"1", "1"},
        {" [ 1 ,\n2 ] ", "[1,2]"},
        {"{ \"a b\" : \" \\\" c \\\\\" , \"\" : [ ] }", "{\"a b\":\" \\\" c \\\\\",\"\":[]}"},
        {"\" \"", "\" \""},
    };
    struct buffer out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bytes copy = check_copy(cases[i][0]);
        out.size = 0;
        json_add_compact(&out, copy);
        CHECK_TEXT(cases[i][1], buffer_bytes(&out));
        free((char *)copy.data);
    }
    buffer_free(&out);
}

int main(void)
{
    check_found();
    check_path();
    check_levels();
    check_places();
    check_unescape();
    check_walk();
    check_compact();
    return check_end();
}
