/* Goal of this test: quote_add shows bytes so that a person can tell them apart, and no more of them than 80. */
#include "base/quote.h"

#include "check.h"

static void check_quoted(const char *expected, struct bytes bytes)
{
    struct buffer quoted = {0};
    quote_add(&quoted, bytes);
    CHECK_TEXT(expected, buffer_bytes(&quoted));
    buffer_free(&quoted);
}

static void check_bytes(void)
{
    check_quoted("\"\"", bytes_of(""));
    check_quoted("\"a b~\"", bytes_of("a b~"));
    check_quoted("\"\\t\\n\\r\\\\\\\"'\"", bytes_of("\t\n\r\\\"'"));
    check_quoted("\"\\x00\\x1f\\x7f\"", (struct bytes){"\0\x1f\x7f", 3});
    check_quoted("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", bytes_of("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    check_quoted("\"\\x80\\xc1\\xbf\\xf5\\xff\"", bytes_of("\x80\xc1\xbf\xf5\xff"));
    check_quoted("\"\\xc3(\\xe2\\x82(\"", bytes_of("\xc3(\xe2\x82("));
    check_quoted("\"\\xe2\\x82\"", bytes_of("\xe2\x82"));
    check_quoted("\"\\xc3\"", (struct bytes){"\xc3\xa9", 1});
}

static void check_length(void)
{
    for (size_t size = 78; size < 84; size++) {
        char bytes[100], expected[100];
        memset(bytes, 'x', sizeof bytes);
        snprintf(expected, sizeof expected, "\"%.*s%s\"", (int)(size < 80 ? size : 80), bytes, size > 80 ? "..." : "");
        check_quoted(expected, (struct bytes){bytes, size});
    }
}

int main(void)
{
    check_bytes();
    check_length();
    return check_end();
}
