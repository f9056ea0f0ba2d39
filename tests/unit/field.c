/* Goal of this test: field_next gives the fields that one byte after the other gives, wherever the value ends and
 * whatever lies behind it. */
#include "value/field.h"

#include "check.h"

enum { FIELDS = 300 };

static bool is_end(char byte, int delimiter)
{
    return delimiter == FIELD_BLANKS ? byte == ' ' || byte == '\t' : byte == (char)delimiter;
}

/* The fields of a value; returns their number. */
static size_t split(struct bytes value, int delimiter, struct bytes *fields)
{
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= value.size; i++)
        if (i == value.size || is_end(value.data[i], delimiter)) {
            if (delimiter != FIELD_BLANKS || i > start)
                fields[count++] = (struct bytes){value.data + start, i - start};
            start = i + 1;
        }
    return count;
}

static void check_value(struct bytes value, int delimiter)
{
    struct bytes expected[FIELDS], field;
    struct field_reader reader = field_begin(value, delimiter);
    const size_t count = split(value, delimiter, expected);
    for (size_t i = 0; i < count; i++)
        CHECK_ABOUT(value,
                    field_next(&reader, &field) && field.data == expected[i].data && field.size == expected[i].size);
    CHECK_ABOUT(value, !field_next(&reader, &field) && !field_next(&reader, &field));
}

static void check_random_values(void)
{
    static const int delimiters[] = {FIELD_BLANKS, ',', ' ', '\t', '\0', 0xff};
    static const char bytes[] = {' ', '\t', ',', '\0', '\xff', '\n', 'a', 'b', 'c', 'd', 'e', 'f'};
    for (int i = 0; i < 100000; i++) {
        const size_t size = (size_t)(check_random() % 40), behind = (size_t)(check_random() % 2 * 20);
        const size_t first = i % 3 == 0 ? 0 : (size_t)(check_random() % 6);
        char *data = bytes_allocate(size + behind);
        for (size_t b = 0; b < size + behind; b++)
            data[b] = bytes[first + check_random() % (sizeof bytes - first)];
        if (behind > 0)
            memset(data + size, " ,"[check_random() % 2], behind);
        check_value((struct bytes){data, size}, delimiters[check_random() % (sizeof delimiters / sizeof *delimiters)]);
        free(data);
    }
}

static void check_delimiters(void)
{
    int delimiter = 7;
    CHECK(!field_parse_delimiter(bytes_of(""), &delimiter) && !field_parse_delimiter(bytes_of("ab"), &delimiter));
    CHECK(!field_parse_delimiter(bytes_of("\\n"), &delimiter) && delimiter == 7);
    CHECK(field_parse_delimiter(bytes_of("\\t"), &delimiter) && delimiter == '\t');
    CHECK(field_parse_delimiter(bytes_of("\\"), &delimiter) && delimiter == '\\');
    CHECK(field_parse_delimiter(bytes_of("\xff"), &delimiter) && delimiter == 0xff);
}

static void check_list(const char *numbers, const char *delimiter, const char *value, const char *expected)
{
    struct field_list list = {.given = numbers, .given_delimiter = delimiter};
    struct bytes fields, copy = check_copy(value);
    field_list_open(&list);
    const char *why = field_list_take(&list, copy, &fields);
    CHECK_TEXT(expected, why != NULL ? bytes_of(why) : fields);
    free((char *)copy.data);
    field_list_close(&list);
}

static void check_lists(void)
{
    check_list("1", NULL, "  a b c", "a");
    check_list("3", NULL, "a b\tc ", "c");
    check_list("3,1", NULL, " a b c", "c a");
    check_list("2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2", NULL, "a b", "b b b b b b b b b b b b b b b b b b");
    check_list("01,3", ",", "a,,c", "a,c");
    check_list("2", ",", "a,,c", "");
    check_list("2,1", "\\t", "a\tb", "b\ta");
    check_list("2", NULL, "a ", "has no field 2");
    check_list("4,1", ",", "a,b,c", "has no field 4");
}

int main(void)
{
    check_random_values();
    check_delimiters();
    check_lists();
    return check_end();
}
