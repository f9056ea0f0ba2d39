/* Goal of this test: json_add_string and json_add_value write valid JSON that stands for the same bytes, if they are
 * text, and numbers as they are. */
#include "value/json.h"

#include "check.h"

static void check_string(const char *expected, struct bytes text)
{
    struct buffer out = {0};
    json_add_string(&out, text);
    CHECK_TEXT(expected, buffer_bytes(&out));
    buffer_free(&out);
}

static void check_value(const char *expected, const char *text)
{
    struct buffer out = {0};
    json_add_value(&out, bytes_of(text));
    CHECK_TEXT(expected, buffer_bytes(&out));
    buffer_free(&out);
}

int main(void)
{
    check_string("\"\"", bytes_of(""));
    check_string("\"a b/~\"", bytes_of("a b/~"));
    check_string("\"\\\"\\\\\"", bytes_of("\"\\"));
    check_string("\"\\u0001\\b\\t\\n\\f\\r\\u001f \\u007f\"", bytes_of("\x01\b\t\n\f\r\x1f \x7f"));
    check_string("\"\\u0000\"", (struct bytes){"\0", 1});
    check_string("\"\xc3\xa9\\u0000\xc3\xa9\"", (struct bytes){"\xc3\xa9\0\xc3\xa9", 5});
    check_string("\"\\u0000\\u00a9\"", (struct bytes){"\0\xa9", 2});
    check_string("\"\\u00c3\\u0000\\u00a9\"", (struct bytes){"\xc3\0\xa9", 3});
    check_string("\"\xc3\xa9\xe2\x82\xac\"", bytes_of("\xc3\xa9\xe2\x82\xac"));
    /* One byte that is not UTF-8: then none is taken for UTF-8. */
    check_string("\"\\u00c3(\\u00c3\\u00a9\"", bytes_of("\xc3(\xc3\xa9"));
    check_value("-0.5e+3", "-0.5e+3");
    check_value("123456789012345678901234567890", "123456789012345678901234567890");
    check_value("\"007\"", "007");
    check_value("\"+1\"", "+1");
    check_value("\"true\"", "true");
    check_value("\"\"", "");
    return check_end();
}
