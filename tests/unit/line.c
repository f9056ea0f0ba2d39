/* Goal of this test: scan_find finds the first place of a byte, and scan_next all places in order, wherever the bytes
 * begin and end and whatever lies behind them. */
#include "wire/line.h"

#include "base/scan.h"
#include "check.h"

/* Returns the first place of the byte in [at, end), or end; looks at one byte after the other. */
static const char *find(const char *at, const char *end, char byte)
{
    while (at < end && *at != byte)
        at++;
    return at;
}

static void check_masks(const char *at, char byte)
{
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(at[i] == byte) << i;
    CHECK(scan_mask(at, byte) == mask);
    CHECK(scan_mask_sixteen(at, byte) == (mask & 0xffff));
    CHECK(scan_mask_eight(at, byte) == (mask & 0xff));
}

/* Compares 16 bytes with a copy in which some bits are flipped. */
static void check_equal(const char *at)
{
    char copy[16];
    uint64_t same = 0xffff;
    memcpy(copy, at, 16);
    for (uint64_t changes = check_random() % 4; changes > 0; changes--)
        copy[check_random() % 16] ^= (char)(1 << check_random() % 8);
    for (int i = 0; i < 16; i++)
        if (copy[i] != at[i])
            same &= ~((uint64_t)1 << i);
    CHECK(scan_equal_sixteen(at, copy) == same);
}

/* Fills memory with bytes that are equal to byte, differ from it in one bit, or are random. */
static void fill(char *to, size_t size, char byte)
{
    const uint64_t one_in = 1 + check_random() % 100;
    for (size_t i = 0; i < size; i++) {
        to[i] = (char)(check_random() % 2 == 0 ? byte ^ (1 << check_random() % 8) : (int)(check_random() % 256));
        if (check_random() % one_in == 0)
            to[i] = byte;
    }
}

int main(void)
{
    static const char bytes[] = {'\n', '\t', '\0', '\xff', '\x80', '\x7f', 'a'};
    for (int i = 0; i < 100000; i++) {
        const char byte = bytes[check_random() % sizeof bytes];
        const size_t before = (size_t)(check_random() % 16);
        const size_t size = (size_t)(check_random() % (i % 2 == 0 ? 40 : 400));
        char *data = bytes_allocate(before + size + LINE_SLACK);
        fill(data, before + size + LINE_SLACK, byte);
        const char *at = data + before;
        const char *const end = at + size;
        const struct bytes about = {at, size};
        check_masks(at, byte);
        check_equal(at);
        struct scan scan = scan_begin(at, end, byte);
        bool places = true;
        for (; places && at < end; at++) {
            at = find(at, end, byte);
            places = scan_next(&scan) == at;
        }
        CHECK_ABOUT(about, places && scan_next(&scan) == end && scan_next(&scan) == end);

        /* A copy of the exact size, behind which nothing may be read. */
        char *exact = bytes_allocate(size);
        memcpy(exact, about.data, size);
        CHECK_ABOUT(about, scan_find(exact, exact + size, byte) == find(exact, exact + size, byte));
        CHECK_ABOUT(about,
                    scan_holds((struct bytes){exact, size}, byte) == (find(exact, exact + size, byte) != exact + size));
        free(exact);
        free(data);
    }
    return check_end();
}
