/* block: states of any bytes come out as they went in, one after the other; and of what is no block, no more is read
 * than what is whole. */
#include "store/block.h"

#include "check.h"

enum { STATES_MOST = 12, NUMBER = 500 };

struct entry {
    struct bytes key;
    struct bytes state;
    size_t end; /* in the block */
};

/* Bytes that look like sizes as often as not. */
static struct bytes any_bytes(void)
{
    static const size_t sizes[] = {0, 0, 1, 1, 2, 9, 10, 11, 99, 100, 101, 5000};
    static const char alike[] = "0123456789::";
    const size_t size = sizes[check_random() % (sizeof sizes / sizeof *sizes)];
    const bool digits = check_random() % 2 == 0;
    char *data = bytes_allocate(size);
    for (size_t i = 0; i < size; i++)
        data[i] = digits ? alike[check_random() % (sizeof alike - 1)] : (char)check_random();
    return (struct bytes){data, size};
}

static size_t fill(struct buffer *block, struct entry *entries)
{
    const size_t count = check_random() % (STATES_MOST + 1);
    block->size = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t before = block->size;
        entries[i] = (struct entry){.key = any_bytes(), .state = any_bytes()};
        block_add(block, entries[i].key, entries[i].state);
        entries[i].end = block->size;
        CHECK(block->size - before <= block_room(entries[i].key, entries[i].state));
        CHECK(block->size - before >= entries[i].key.size + entries[i].state.size + 4);
    }
    return count;
}

/* Reads the first so many bytes of a block, in memory of their exact size. */
static void check_read(struct buffer block, size_t size, const struct entry *entries, size_t count)
{
    const char nothing = 0;
    char *copy = bytes_allocate(size);
    if (size > 0)
        memcpy(copy, block.data, size);
    struct bytes left = {copy, size}, key = {&nothing, 0}, state = {&nothing, 0};
    size_t at = 0;
    for (; at < count && entries[at].end <= size; at++) {
        CHECK(block_next(&left, &key, &state) == BLOCK_STATE);
        CHECK_ABOUT(key, bytes_equal(key, entries[at].key));
        CHECK_ABOUT(state, bytes_equal(state, entries[at].state));
        CHECK(key.data != NULL && state.data != NULL);
        CHECK(left.size == size - entries[at].end);
    }
    const bool whole = size == (at > 0 ? entries[at - 1].end : 0);
    CHECK(block_next(&left, &key, &state) == (whole ? BLOCK_END : BLOCK_BROKEN));
    free(copy);
}

static void check_random_blocks(void)
{
    struct buffer block = {0};
    struct entry entries[STATES_MOST];
    for (int n = 0; n < NUMBER; n++) {
        const size_t count = fill(&block, entries);
        check_read(block, block.size, entries, count);
        /* Cut anywhere: at each place of a small one, and at some of a large one. */
        const size_t step = 1 + block.size / 400;
        for (size_t size = 0; size < block.size; size += 1 + check_random() % step)
            check_read(block, size, entries, count);
        for (size_t i = 0; i < count; i++) {
            check_read(block, entries[i].end, entries, count);
            check_read(block, entries[i].end - 1, entries, count);
        }
        for (size_t i = 0; i < count; i++) {
            free((char *)entries[i].key.data);
            free((char *)entries[i].state.data);
        }
    }
    buffer_free(&block);
}

static void check_written(const char *expected, const char *key, const char *state)
{
    struct buffer block = {0};
    block_add(&block, bytes_of(key), bytes_of(state));
    CHECK_TEXT(expected, buffer_bytes(&block));
    buffer_free(&block);
}

static void check_as_written(void)
{
    check_written("6:berlin2:17", "berlin", "17");
    check_written("0:0:", "", "");
    check_written("5:3:abc2:1:", "3:abc", "1:");
    check_written("9:123456789"
                  "10:1234567890",
                  "123456789", "1234567890");
}

/* What a block that is one text, with or without a NUL in it, begins with. */
static enum block_found first_of(struct bytes text)
{
    char *copy = bytes_allocate(text.size);
    memcpy(copy, text.data, text.size);
    struct bytes left = {copy, text.size}, key, state;
    const enum block_found found = block_next(&left, &key, &state);
    free(copy);
    return found;
}

static void check_garbage(void)
{
    static const char *const broken[] = {
        "a",
        ":",
        "::",
        ":0:",
        "0",
        "0:",
        "1:a",
        "1",
        "12",
        "1a",
        "1:a0",
        "1:a:",
        "1:a1:",
        "1:a2:b",
        "2:a0:",
        "6:berlin3:17",
        "7:berlin2:17",
        " 1:a0:",
        "1 :a0:",
        "1: a0:",
        "+1:a0:",
        "-1:a0:",
        "-0:0:",
        "1:a+1:b",
        "1:a-1:b",
        "0x1:a0:",
        "1.0:a0:",
        "1e0:a0:",
        "1;a0;",
        "\n",
        "1:a\n0:",
        "1/a0:",
        "10:a0:",
        "99:",
        "1:a99:b",
        /* Sizes that are larger than any, or than a number holds: most of these are 0 or 1 beyond 2^32 and 2^64. */
        "4294967295:a0:",
        "4294967296:0:",
        "4294967297:a0:",
        "9999999999:a0:",
        "10000000000:a0:",
        "99999999999:a0:",
        "9223372036854775808:0:",
        "18446744073709551615:a0:",
        "18446744073709551616:0:",
        "18446744073709551617:a0:",
        "1:a4294967297:b",
        "1:a18446744073709551617:b",
        "36893488147419103233:a0:",
        "100000000000000000000000000000000000000001:a0:",
        /* More digits than a size has. */
        "00000000001:a0:",
        "1:a00000000001:b",
        "0000000000000000000000000000001:a0:",
        "00000000000:0:",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        CHECK_ABOUT(bytes_of(broken[i]), first_of(bytes_of(broken[i])) == BLOCK_BROKEN);
    CHECK(first_of((struct bytes){"\0", 1}) == BLOCK_BROKEN);
    CHECK(first_of((struct bytes){"1\0:a0:", 6}) == BLOCK_BROKEN);
    CHECK(first_of((struct bytes){"1:\0"
                                  "0:",
                                  5}) == BLOCK_STATE);
    CHECK(first_of((struct bytes){"", 0}) == BLOCK_END);
}

/* Whatever the bytes are, it ends, and reads nothing but them. */
static void check_noise(void)
{
    static const char bytes[] = "0011223:::::9a\n";
    for (int n = 0; n < 20000; n++) {
        const size_t size = check_random() % 40;
        char *copy = bytes_allocate(size);
        for (size_t i = 0; i < size; i++)
            copy[i] = bytes[check_random() % (sizeof bytes - 1)];
        struct bytes left = {copy, size}, key, state;
        enum block_found found;
        while ((found = block_next(&left, &key, &state)) == BLOCK_STATE) {
            CHECK(key.data >= copy && key.data + key.size <= state.data);
            CHECK(state.data + state.size == left.data && left.data + left.size == copy + size);
        }
        CHECK(found == BLOCK_BROKEN || left.size == 0);
        free(copy);
    }
}

int main(void)
{
    check_as_written();
    check_random_blocks();
    check_garbage();
    check_noise();
    return check_end();
}
