/* Goal of this test: comparing and copying bytes, by whatever loads that overlap, gives what one byte after the other
 * gives; bytes_is_text knows all of UTF-8; and a buffer holds the bytes that were added to it. */
#include "base/bytes.h"

#include "check.h"

enum { MOST = 70 };

/* Random bytes in memory of their exact size; free their data. */
static struct bytes random_bytes(size_t size)
{
    char *data = bytes_allocate(size);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)check_random();
    return (struct bytes){data, size};
}

static void check_compare(void)
{
    for (size_t size = 0; size < MOST; size++) {
        const struct bytes a = random_bytes(size), b = random_bytes(size);
        memcpy((char *)b.data, a.data, size);
        CHECK(bytes_equal(a, b) && bytes_compare(a, b) == 0);
        for (size_t i = 0; i < size; i++)
            for (int bit = 0; bit < 8; bit++) {
                ((char *)b.data)[i] ^= (char)(1 << bit);
                const bool less = (unsigned char)a.data[i] < (unsigned char)b.data[i];
                CHECK_ABOUT(a, !bytes_equal(a, b));
                CHECK_ABOUT(a, less ? bytes_compare(a, b) < 0 : bytes_compare(a, b) > 0);
                ((char *)b.data)[i] ^= (char)(1 << bit);
            }
        const struct bytes shorter = {b.data, size / 2};
        CHECK_ABOUT(a, bytes_equal(a, shorter) == (size == 0));
        CHECK_ABOUT(a, size == 0 || (bytes_compare(shorter, a) < 0 && bytes_compare(a, shorter) > 0));
        free((char *)a.data);
        free((char *)b.data);
    }
}

/* To another place, and to one that overlaps. */
static void check_copy_everywhere(void)
{
    for (size_t size = 0; size < MOST; size++) {
        const struct bytes from = random_bytes(size);
        char *to = bytes_allocate(size);
        CHECK(bytes_copy(to, from) == to + size && (size == 0 || memcmp(to, from.data, size) == 0));
        free(to);
        for (size_t shift = 0; shift < MOST; shift++) {
            char line[3 * MOST];
            memcpy(line + MOST, from.data, size);
            bytes_copy(line + shift, (struct bytes){line + MOST, size});
            CHECK(memcmp(line + shift, from.data, size) == 0);
            memcpy(line + MOST, from.data, size);
            bytes_copy(line + MOST + shift, (struct bytes){line + MOST, size});
            CHECK(memcmp(line + MOST + shift, from.data, size) == 0);
        }
        char *string = bytes_string(from);
        CHECK(string[size] == '\0' && memcmp(string, from.data, size) == 0);
        free(string);
        free((char *)from.data);
    }
}

/* The UTF-8 of a code, as RFC 3629 writes it; surrogates and codes beyond the last one in the same way. */
static struct bytes utf8_of(uint32_t code, char text[4])
{
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size; i-- > 1; code >>= 6)
        text[i] = (char)(0x80 | (code & 0x3f));
    text[0] = (char)(size == 1 ? code : (0xf00u >> size & 0xff) | code);
    return (struct bytes){text, size};
}

static void check_text_codes(void)
{
    for (uint32_t code = 0; code < 0x120000; code++) {
        char text[4];
        const struct bytes bytes = utf8_of(code, text);
        const bool good = code > 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff);
        if (bytes_is_text(bytes) != good)
            CHECK_ABOUT(bytes, false);
    }
    static const struct bytes refused[] = {
        {"\0", 1},
        {"a\0b", 3},
        {"\x80", 1},
        {"\xbf", 1},
        {"\xc0\x80", 2},
        {"\xc1\xbf", 2},
        {"\xe0\x9f\xbf", 3},
        {"\xf0\x8f\xbf\xbf", 4},
        {"\xf5\x80\x80\x80", 4},
        {"\xff", 1},
        {"\xc3(", 2},
        {"\xe2\x82(", 3},
        {"\xe2(\xac", 3},
        {"\xf0\x9f\x98(", 4},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK_ABOUT(refused[i], !bytes_is_text(refused[i]));
    const struct bytes good = check_copy("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f");
    for (size_t size = 0; size <= good.size; size++) {
        const bool whole = size <= 1 || size == 3 || size == 6 || size >= 10;
        char *cut = bytes_allocate(size);
        memcpy(cut, good.data, size);
        CHECK_ABOUT(good, bytes_is_text((struct bytes){cut, size}) == whole);
        free(cut);
    }
    free((char *)good.data);
}

static void check_buffer(void)
{
    struct buffer buffer = {0};
    CHECK_TEXT("", bytes_of(buffer_string(&buffer)));
    for (int i = 0; i < 1000; i++) {
        buffer_add(&buffer, bytes_of("ab"));
        buffer_add_byte(&buffer, 'c');
        buffer_print(&buffer, "%d", i % 10);
        CHECK(buffer.size == 4 * ((size_t)i + 1) && strlen(buffer_string(&buffer)) == buffer.size);
    }
    for (size_t i = 0; i < buffer.size; i += 4)
        CHECK(memcmp(buffer.data + i, "abc", 3) == 0 && buffer.data[i + 3] == (char)('0' + i / 4 % 10));
    memset(buffer.data, 'x', buffer.room);
    buffer.size = 0;
    buffer_add(&buffer, bytes_of("a"));
    CHECK_TEXT("a", bytes_of(buffer_string(&buffer)));
    buffer_free(&buffer);
    CHECK(buffer.data == NULL && buffer.size == 0 && buffer.room == 0);
}

int main(void)
{
    check_compare();
    check_copy_everywhere();
    check_text_codes();
    check_buffer();
    return check_end();
}
