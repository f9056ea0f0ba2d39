/* Goal of this test: arithmetic is exact to the border of the range, and an error beyond it; a quotient is rounded
 * once, to 34 digits. */
#include "value/arithmetic.h"

#include "check.h"

#define MOST "170141183460469231731687303715884105727"   /* 2^127 - 1 */
#define LEAST "-170141183460469231731687303715884105728" /* -2^127 */
#define TINY "0.00000000000000000000000000000000000001"  /* 10^-38 */

typedef enum number_answer operator(struct number a, struct number b, struct number *result);

static operator*
    const operations[] = {['+'] = arithmetic_add,    ['-'] = arithmetic_subtract,       ['*'] = arithmetic_multiply,
                          ['/'] = arithmetic_divide, ['d'] = arithmetic_whole_quotient, ['%'] = arithmetic_remainder};

static struct number number_of(const char *string)
{
    struct number number = {0};
    CHECK_ABOUT(bytes_of(string), number_parse(bytes_of(string), &number) == NUMBER_OK);
    return number;
}

/* The text of a result, or what the operation answers instead. */
static struct bytes compute(const char *a, char operation, const char *b, char text[NUMBER_TEXT])
{
    struct number result;
    switch (operations[(unsigned char)operation](number_of(a), number_of(b), &result)) {
    case NUMBER_OK:
        return number_format(result, text);
    case NUMBER_BEYOND:
        return bytes_of("beyond");
    default:
        return bytes_of("none");
    }
}

static void check_table(void)
{
    static const struct {
        const char *a;
        char operation;
        const char *b, *result;
    } cases[] = {
        {"0.1", '+', "0.2", "0.3"},
        {"9223372036854775807", '+', "1", "9223372036854775808"},
        {MOST, '+', "1", "beyond"},
        {MOST, '+', "0.1", "beyond"},
        {"0", '-', LEAST, "beyond"},
        {"-1", '-', LEAST, MOST},
        {LEAST, '-', LEAST, "0"},
        {"1", '-', "0.9", "0.1"},
        {"17014118346046923173168730371588410572.5", '+', "0.5", "17014118346046923173168730371588410573"},
        {"17014118346046923173168730371588410572.7", '+', "17014118346046923173168730371588410572.3",
         "34028236692093846346337460743176821145"},
        {"20000000000000000000000000000000000000", '-', "10000000000000000000000000000000000000.5",
         "9999999999999999999999999999999999999.5"},
        {"-20000000000000000000000000000000000000", '+', "10000000000000000000000000000000000000.5",
         "-9999999999999999999999999999999999999.5"},
        {"12.50", '*', "3", "37.5"},
        {"-0.5", '*', "0.2", "-0.1"},
        {MOST, '*', "1", MOST},
        {MOST, '*', "-1", "-" MOST},
        {LEAST, '*', "-1", "beyond"},
        {LEAST, '*', "1", LEAST},
        {MOST, '*', "2", "beyond"},
        {"85070591730234615865843651857942052864", '*', "-2", LEAST},
        {"0.00000000000000000005", '*', "20000000000000000000", "1"},
        {"123456789012345678901234567890", '*', "0.00000000000000000000000000001", "1.2345678901234567890123456789"},
        {TINY, '*', "0.1", "beyond"},
        {TINY, '*', "10", "0.0000000000000000000000000000000000001"},
        {"50", '/', "200", "0.25"},
        {"15", '/', "2", "7.5"},
        {"-15", '/', "2", "-7.5"},
        {"1", '/', "3", "0.3333333333333333333333333333333333"},
        {"2", '/', "3", "0.6666666666666666666666666666666667"},
        {"-2", '/', "3", "-0.6666666666666666666666666666666667"},
        {"200", '/', "3", "66.66666666666666666666666666666667"},
        {"1", '/', "0", "none"},
        {"0", '/', "0", "none"},
        {"1e0", '/', "0", "none"},
        {"1", '/', "0e0", "none"},
        {"0", '/', "7", "0"},
        {MOST, '/', "1", MOST},
        {MOST, '/', "0.1", "beyond"},
        {LEAST, '/', "-1", "beyond"},
        {LEAST, '/', "1", LEAST},
        {MOST, '/', "2", "85070591730234615865843651857942050000"}, /* ends in .5, a digit too many */
        {MOST, '/', MOST, "1"},
        {MOST, '/', LEAST, "-1"},   /* 0.999..., with more than 34 of them */
        {TINY, '/', "2", "beyond"}, /* would be rounded to 0 */
        {TINY, '/', "0.5", "0.00000000000000000000000000000000000002"},
        {"0.00000000000000000000000000000000000003", '/', "2", "0.00000000000000000000000000000000000002"},
        {"0.00000000000000000000000000000000000005", '/', "2", "0.00000000000000000000000000000000000002"},
        {"7", 'd', "2", "3"},
        {"-7", 'd', "2", "-3"},
        {"7.5", 'd', "0.5", "15"},
        {"1", 'd', TINY, "100000000000000000000000000000000000000"},
        {"10", 'd', TINY, "beyond"},
        {TINY, 'd', MOST, "0"},
        {"7", 'd', "0", "none"},
        {"7", '%', "3", "1"},
        {"-7", '%', "3", "-1"},
        {"7", '%', "-3", "1"},
        {"7.5", '%', "2", "1.5"},
        {"10", '%', TINY, "0"},
        {MOST, '%', "0.7", "0.3"},
        {TINY, '%', MOST, TINY},
        {"7", '%', "0", "none"},
        {"1e0", '+', "0.5", "1.5"},
        {"1e308", '+', "1e308", "beyond"},
        {"1e308", '*', "10", "beyond"},
        {"1e0", '/', "3", "0.3333333333333333"},
        {"7e0", '%', "4", "3"},
        {"7e0", 'd', "4", "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[NUMBER_TEXT], shown[256];
        struct bytes result = compute(cases[i].a, cases[i].operation, cases[i].b, text);
        snprintf(shown, sizeof shown, "%s %c %s is %.*s", cases[i].a, cases[i].operation, cases[i].b, (int)result.size,
                 result.data);
        CHECK_ABOUT(bytes_of(shown), bytes_equal(result, bytes_of(cases[i].result)));
    }
}

int main(void)
{
    check_table();
    return check_end();
}
