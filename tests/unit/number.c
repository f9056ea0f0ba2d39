/* Goal of this test: texts are numbers or not as number.h says, and no operation rounds that is said to be exact. */
#include "value/number.h"

#include <float.h>
#include <math.h>

#include "check.h"

#define MOST "170141183460469231731687303715884105727"   /* 2^127 - 1 */
#define LEAST "-170141183460469231731687303715884105728" /* -2^127 */
#define TINY "0.00000000000000000000000000000000000001"  /* 10^-38 */
#define TEN_ZEROS "0000000000"

static enum number_answer parse(const char *string, struct number *number)
{
    struct bytes text = check_copy(string);
    enum number_answer answer = number_parse(text, number);
    free((void *)text.data);
    return answer;
}

static struct number number_of(const char *string)
{
    struct number number;
    CHECK_ABOUT(bytes_of(string), parse(string, &number) == NUMBER_OK);
    return number;
}

static bool same(struct number a, struct number b)
{
    if (a.floating || b.floating)
        return a.floating && b.floating && memcmp(&a.real, &b.real, sizeof a.real) == 0;
    return a.mantissa == b.mantissa && a.scale == b.scale;
}

static void check_grammar(void)
{
    static const struct {
        const char *text, *canonical;
    } good[] = {
        {"0", "0"},
        {"5", "5"},
        {"+5", "5"},
        {"-5", "-5"},
        {"007", "7"},
        {".5", "0.5"},
        {"5.", "5"},
        {"-0.50", "-0.5"},
        {"-0", "0"},
        {"+0", "0"},
        {"-0.00", "0"},
        {"-.5", "-0.5"},
        {"+.5", "0.5"},
        {"00", "0"},
        {"100", "100"},
        {"1.0", "1"},
        {"10.10", "10.1"},
        {"0.001", "0.001"},
        {"12345678", "12345678"},
        {"123456789", "123456789"},
        {"-12345678901234567", "-12345678901234567"},
        {"999999999999999999", "999999999999999999"},
        {"-999999999999999999", "-999999999999999999"},
        {"1234567890123456789", "1234567890123456789"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"18446744073709551615", "18446744073709551615"},
        {"18446744073709551616", "18446744073709551616"},
        {"1000000000000000000000", "1000000000000000000000"},
        {"0000000000000000000000000000000000000000000007", "7"},
        {MOST, MOST},
        {LEAST, LEAST},
        {TINY, TINY},
        {"+" MOST ".000", MOST},
        {"-" TINY, "-" TINY},
        {"1." TEN_ZEROS TEN_ZEROS TEN_ZEROS TEN_ZEROS TEN_ZEROS, "1"},
        {"1.70141183460469231731687303715884105727", "1.70141183460469231731687303715884105727"},
        {"1e0", "1"},
        {"1E+2", "100"},
        {"-2.5e-1", "-0.25"},
        {".5e1", "5"},
        {"5.e1", "50"},
        {"1e22", "1e+22"},
        {"-0e0", "0"},
        {"1e-400", "0"},
        {"5e-324", "5e-324"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"2.2250738585072014e-308", "2.2250738585072014e-308"},
        {"0.1e0", "0.1"},
        {"0e999999999999999999999", "0"},
        {"0.30000000000000004e0", "0.30000000000000004"},
        {"123456789012345678e0", "1.2345678901234568e+17"},
        {MOST MOST "e-39", "1.7014118346046923e+38"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[NUMBER_TEXT];
        CHECK_TEXT(good[i].canonical, number_format(number_of(good[i].text), text));
    }

    static const char *const bad[] = {
        "",
        "+",
        "-",
        ".",
        "+.",
        "-.",
        "e",
        "e5",
        ".e5",
        "1e",
        "1e+",
        "1e-",
        "1e5.",
        "1e5e5",
        "1.2.3",
        "..5",
        "1..",
        "--5",
        "+-5",
        "5-",
        "5+",
        " 5",
        "5 ",
        "5\r",
        "5\n",
        "5\t",
        "1 2",
        "0x10",
        "1p3",
        "inf",
        "nan",
        "-inf",
        "Infinity",
        "1,5",
        "1_000",
        "abc",
        "5a",
        "a5",
        "1234567a",
        "12345678a",
        "a2345678",
        "1234567:",
        "/2345678",
        "1234 678",
        "12345678.9x",
        "1234567\xfa",
        "\xfa\xfa\xfa\xfa\xfa\xfa\xfa\xfa",
        "\xb1",
        "12345678901234567890x",
        "1e5 ",
        "1f",
        "99999999999999999999999999999999999999999999999999x",
    };
    struct number number;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ABOUT(bytes_of(bad[i]), parse(bad[i], &number) == NUMBER_NONE);
    CHECK(number_parse((struct bytes){"1\0"
                                      "2",
                                      3},
                       &number) == NUMBER_NONE);
    CHECK(number_parse((struct bytes){NULL, 0}, &number) == NUMBER_NONE);

    static const char *const beyond[] = {
        "170141183460469231731687303715884105728",
        "-170141183460469231731687303715884105729",
        MOST ".5",
        "1701411834604692317316873037158841057280",
        "9999999999999999999999999999999999999999",
        "0" TINY "1",
        TINY "1",
        "0." TEN_ZEROS TEN_ZEROS TEN_ZEROS TEN_ZEROS TEN_ZEROS "1",
    };
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        CHECK_ABOUT(bytes_of(beyond[i]), parse(beyond[i], &number) == NUMBER_BEYOND && !number.floating);
    CHECK(parse("1e309", &number) == NUMBER_BEYOND && number.floating);
    CHECK(parse("-1e99999999999999999999", &number) == NUMBER_BEYOND && number.floating);
}

/* Numbers that are longer than any buffer in number.c. */
static void check_long(void)
{
    const size_t size = 1 << 20;
    char *data = bytes_allocate(size);
    struct number number;
    char text[NUMBER_TEXT];
    memset(data, '0', size);
    data[size - 1] = '7';
    CHECK(number_parse((struct bytes){data, size}, &number) == NUMBER_OK);
    CHECK_TEXT("7", number_format(number, text));
    data[0] = '.';
    CHECK(number_parse((struct bytes){data, size}, &number) == NUMBER_BEYOND);
    memcpy(data + size - 8, "e1048570", 8);
    data[size - 9] = '7';
    CHECK(number_parse((struct bytes){data, size}, &number) == NUMBER_OK && number.floating);
    CHECK_TEXT("7000", number_format(number, text)); /* the 7 is the 1048567th digit after the point */
    free(data);
}

static void check_add(void)
{
    static const struct {
        const char *a, *b, *sum; /* NULL: beyond the range */
    } cases[] = {
        {"0.1", "0.2", "0.3"},
        {"9223372036854775807", "1", "9223372036854775808"},
        {"-9223372036854775808", "-1", "-9223372036854775809"},
        {"0.5", "0.5", "1"},
        {"1.5", "-1.5", "0"},
        {"-0.25", "0.2", "-0.05"},
        {"99.99", "0.01", "100"},
        {"1", TINY, "1.00000000000000000000000000000000000001"},
        {"2", TINY, NULL},
        {"-2", TINY, NULL},
        {"10", TINY, NULL},
        {MOST, "1", NULL},
        {LEAST, "-1", NULL},
        {MOST, "0.1", NULL},
        {LEAST, "0.1", NULL},
        {MOST, LEAST, "-1"},
        {LEAST, MOST, "-1"},
        {LEAST, "1", "-" MOST},
        {"1.7", TINY, "1.70000000000000000000000000000000000001"},
        {LEAST, "0", LEAST},
        {"17014118346046923173168730371588410572", "0.7", "17014118346046923173168730371588410572.7"},
        {"17014118346046923173168730371588410572", "0.8", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct number a = number_of(cases[i].a), b = number_of(cases[i].b), sum;
        for (int turn = 0; turn < 2; turn++) {
            bool added = turn == 0 ? number_add(a, b, &sum) : number_add(b, a, &sum);
            char text[NUMBER_TEXT];
            CHECK_ABOUT(bytes_of(cases[i].a), added == (cases[i].sum != NULL));
            if (added && cases[i].sum != NULL)
                CHECK_TEXT(cases[i].sum, number_format(sum, text));
        }
    }
}

static void check_compare(void)
{
    /* In ascending order; the numbers on one line are equal. */
    static const char *const order[][3] = {
        {"-1.7976931348623157e308"},
        {"-1.7014118346046927e38"},
        {LEAST, "-170141183460469231731687303715884105728e0"},
        {"-170141183460469231731687303715884105727"},
        {"-9007199254740993"},
        {"-9007199254740992e0", "-9007199254740992"},
        {"-2.5", "-2.5e0", "-2.50"},
        {"-1"},
        {"-1e-1"},
        {"-0.1"},
        {"-" TINY},
        {"-1e-38"},
        {"-5e-324"},
        {"0", "-0", "-0e0"},
        {"5e-324"},
        {"1e-39"},
        {"1e-38"},
        {TINY},
        {"0.09"},
        {"0.1"},
        {"1e-1"},
        {"0.1000000000000000055511151231257827022"},
        {"0.25", ".25e0", "0.250"},
        {"0.3"},
        {"0.30000000000000004e0"},
        {"1"},
        {"1.00000000000000000000000000000000000001"},
        {"1.0000000000000002e0"},
        {"9007199254740992e0"},
        {"9007199254740993"},
        {"9007199254740994e0"},
        {"17014118346046923173168730371588410572.7"},
        {MOST},
        {"170141183460469231731687303715884105728e0"},
        {"1.7976931348623157e308"},
    };
    const size_t count = sizeof order / sizeof *order;
    for (size_t i = 0; i < 3 * count; i++)
        for (size_t j = 0; j < 3 * count; j++) {
            const char *a = order[i / 3][i % 3], *b = order[j / 3][j % 3];
            if (a == NULL || b == NULL)
                continue;
            int found = number_compare(number_of(a), number_of(b));
            CHECK_ABOUT(bytes_of(a), i / 3 < j / 3 ? found < 0 : i / 3 > j / 3 ? found > 0 : found == 0);
        }
}

/* Random numbers of every size, written and read back, are the same numbers with the same text. */
static void check_round_trip(void)
{
    for (int i = 0; i < 300000; i++) {
        char text[NUMBER_TEXT], again[NUMBER_TEXT];
        struct number number = {0}, read;
        uint64_t shape = check_random();
        uint64_t high = check_random(), low = check_random();
        if (shape % 3 == 0) {
            number.floating = true;
            memcpy(&number.real, &high, sizeof high);
            if (!isfinite(number.real))
                continue;
        } else {
            number.mantissa = (number_mantissa)(high / 2) * ((number_mantissa)1 << 64) + (number_mantissa)low;
            number.mantissa >>= shape / 3 % 127;
            if (shape & 1 << 20)
                number.mantissa = -number.mantissa;
            number.scale = (int)(shape >> 32) & 31;
            while (number.scale > 0 && number.mantissa % 10 == 0) {
                number.mantissa /= 10;
                number.scale--;
            }
        }
        struct bytes written = number_format(number, text);
        CHECK_ABOUT(written, number_parse(written, &read) == NUMBER_OK);
        if (number.floating) {
            double low_part;
            number_split(read, &read.real, &low_part);
            read.floating = true;
        }
        CHECK_ABOUT(written, same(number, read));
        CHECK_ABOUT(written, number_compare(number, read) == 0);
        CHECK_ABOUT(written, bytes_equal(written, number_format(read, again)));
    }
}

/* The functions for integers agree with the C library and with the functions for all numbers. */
static void check_integers(void)
{
    for (int i = 0; i < 200000; i++) {
        int64_t integer = (int64_t)check_random() >> check_random() % 64, read = 0;
        char expected[32], text[NUMBER_TEXT];
        int size = snprintf(expected, sizeof expected, "%lld", (long long)integer);
        CHECK_TEXT(expected, number_format_integer(integer, text));
        struct bytes copy = check_copy(expected);
        bool is_short = size - (integer < 0) <= NUMBER_INTEGER_DIGITS;
        CHECK_ABOUT(copy, number_parse_integer(copy, &read) == is_short);
        CHECK_ABOUT(copy, !is_short || read == integer);
        free((void *)copy.data);
        CHECK_ABOUT(bytes_of(expected), number_of(expected).mantissa == integer);
    }
    char text[NUMBER_TEXT];
    CHECK_TEXT("-9223372036854775808", number_format_integer(INT64_MIN, text));
    CHECK_TEXT("9223372036854775807", number_format_integer(INT64_MAX, text));

    /* A byte that is not a digit is refused in every place. */
    for (size_t place = 0; place < 18; place++)
        for (int byte = 0; byte < 256; byte++) {
            char digits[] = "123456789012345678";
            int64_t read;
            digits[place] = (char)byte;
            bool good = (byte >= '0' && byte <= '9') || (place == 0 && (byte == '-' || byte == '+'));
            CHECK(number_parse_integer((struct bytes){digits, 18}, &read) == good);
        }
}

/* Returns some digits, in memory of their exact size; now and then one of them is a random byte. */
static struct bytes random_digits(size_t most)
{
    char text[32] = "";
    const size_t size = 1 + (size_t)(check_random() % most);
    const bool nines = check_random() % 4 == 0;
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(nines ? '9' : '0' + check_random() % 10);
    if (check_random() % 8 == 0)
        text[check_random() % size] = (char)(1 + check_random() % 255);
    return check_copy(text);
}

static bool are_digits(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/* Adding digits gives the digits of the sum of their numbers. */
static void check_digits(void)
{
    const int64_t limit = 10000000000000000;
    for (int i = 0; i < 200000; i++) {
        const struct bytes a = random_digits(18), b = random_digits(10);
        struct number_digits digits = {0};
        uint64_t more;
        int64_t first, second;
        char text[16], expected[32];
        const bool read = number_read_digits(a, &digits), read_more = number_read_eight(b, &more);
        CHECK_ABOUT(a, read == (a.size <= 16 && are_digits(a)));
        CHECK_ABOUT(b, read_more == (b.size <= 8 && are_digits(b)));
        if (read && read_more && number_parse_integer(a, &first) && number_parse_integer(b, &second)) {
            const bool added = number_add_digits(&digits, more);
            CHECK_ABOUT(a, added == (first + second < limit));
            snprintf(expected, sizeof expected, "%lld", (long long)(added ? first + second : first));
            CHECK_TEXT(expected, ((struct bytes){text, (size_t)(number_write_sixteen(text, &digits) - text)}));
        }
        free((void *)a.data);
        free((void *)b.data);
    }
}

/* The C library rounds decimals correctly, whatever their length: high is compared with it. */
static void check_split(void)
{
    for (int i = 0; i < 100000; i++) {
        char text[NUMBER_TEXT];
        uint64_t shape = check_random();
        struct number number = {.mantissa = (number_mantissa)(int64_t)check_random() * (int64_t)check_random(),
                                .scale = (int)(shape % (NUMBER_SCALE_MAX + 1))};
        number.mantissa >>= shape / 64 % 120;
        struct bytes written = number_format(number, text);
        char string[NUMBER_TEXT + 1] = {0};
        memcpy(string, written.data, written.size);
        double high, low;
        number_split(number, &high, &low);
        CHECK_ABOUT(written, high == strtod(string, NULL));
        CHECK_ABOUT(written, high + low == high);
    }
    double high, low;
    number_split(number_of("9007199254740993"), &high, &low);
    CHECK(high == 9007199254740992.0 && low == 1);
    number_split(number_of("-0.1"), &high, &low);
    CHECK(high == -0.1 && low > 5.55e-18 && low < 5.56e-18);
    number_split(number_of(MOST), &high, &low);
    CHECK(high == 0x1p127 && low == -1);
}

/* Returns the next double above or below a positive one. */
static double neighbour(double real, int step)
{
    int64_t bits;
    memcpy(&bits, &real, sizeof bits);
    bits += step;
    memcpy(&real, &bits, sizeof bits);
    return real;
}

static void check_divide(void)
{
    static const struct {
        const char *number;
        int64_t count;
        const char *quotient;
    } cases[] = {
        {"10", 3, "3.3333333333333335"},
        {"10", 4, "2.5"},
        {"10", 5, "2"},
        {"0", 7, "0"},
        {"-1", 3, "-0.3333333333333333"},
        {"2", 3, "0.6666666666666666"},
        {"1", 8, "0.125"},
        {"0.3", 3, "0.1"},
        {"0.1", 3, "0.03333333333333333"},
        {"1", 1024, "0.0009765625"},
        {"1", 1 << 30, "9.313225746154785e-10"},
        {"100", 7, "14.285714285714286"},
        {"9223372036854775808", 2, "4611686018427387904"},
        {"9223372036854775809", 2, "4.611686018427388e+18"},
        {MOST, 1, MOST},
        {LEAST, 1, LEAST},
        {LEAST, 2, "-85070591730234615865843651857942052864"},
        {TINY, 1, TINY},
        {TINY, 3, "3.3333333333333334e-39"},
        {TINY, 2, "5e-39"},
        {"0.12345678901234567890123", 1, "0.12345678901234567890123"},
        {"1", 999999999999999999, "1e-18"},
        {"999999999999999999", 999999999999999999, "1"},
        {"1e0", 3, "0.3333333333333333"},
        {"10e0", 4, "2.5"},
        {"1000000000000000", 1, "1000000000000000"},
        {"12.34", 2, "6.17"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[NUMBER_TEXT];
        CHECK_TEXT(cases[i].quotient, number_format(number_divide(number_of(cases[i].number), cases[i].count), text));
    }

    /* A rounded quotient is nearer to the exact one than the doubles beside it. A long double of 64 bits can tell for
     * these numerators and divisors. */
    for (int i = 0; i < 100000 && LDBL_MANT_DIG >= 64; i++) {
        int64_t value = (int64_t)(check_random() >> 12), count = (int64_t)(check_random() % 1000 + 1);
        struct number quotient = number_divide((struct number){.mantissa = value * 1024 + 1}, count);
        double high, low;
        number_split(quotient, &high, &low);
        long double wanted = ((long double)value * 1024 + 1) / (long double)count;
        CHECK(fabsl((long double)high - wanted) <= fabsl((long double)neighbour(high, 1) - wanted));
        CHECK(fabsl((long double)high - wanted) <= fabsl((long double)neighbour(high, -1) - wanted));
    }
}

static void check_decimal(void)
{
    static const struct {
        const char *text, *decimal; /* NULL: beyond the exact range */
    } cases[] = {
        {"5", "5"},
        {"-0.50", "-0.5"},
        {"1e0", "1"},
        {"1e-1", "0.1"},
        {"3E-1", "0.3"},
        {"-12.5e+1", "-125"},
        {"1.25e1", "12.5"},
        {"100e-1", "10"},
        {"1000e-2", "10"},
        {"0e999", "0"},
        {"-0.0e-999", "0"},
        {"1e38", "100000000000000000000000000000000000000"},
        {"1e39", NULL},
        {"2e38", NULL},
        {"1e-38", "0.00000000000000000000000000000000000001"},
        {"1e-39", NULL},
        {"10e-39", "0.00000000000000000000000000000000000001"},
        {"1e99999999999999999999", NULL},
        {"1e-99999999999999999999", NULL},
        {"170141183460469231731687303715884105728", NULL},
        {"170141183460469231731687303715884105728e0", NULL},
        {"-170141183460469231731687303715884105727e0", "-170141183460469231731687303715884105727"},
    };
    struct number number;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[NUMBER_TEXT];
        struct bytes copy = check_copy(cases[i].text);
        enum number_answer answer = number_parse_decimal(copy, &number);
        CHECK_ABOUT(copy, answer == (cases[i].decimal != NULL ? NUMBER_OK : NUMBER_BEYOND) && !number.floating);
        if (cases[i].decimal != NULL)
            CHECK_TEXT(cases[i].decimal, number_format(number, text));
        free((void *)copy.data);
    }
    static const char *const none[] = {"", "e", "1e", "e1", "1e+", "abc", "1e5x", ".e1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_ABOUT(bytes_of(none[i]), number_parse_decimal(bytes_of(none[i]), &number) == NUMBER_NONE);
}

static void check_floor(void)
{
    static const struct {
        const char *number, *width, *multiple; /* multiple NULL: beyond the exact range */
    } cases[] = {
        {"0", "10", "0"},
        {"9.99", "10", "0"},
        {"10", "10", "10"},
        {"-0.01", "10", "-10"},
        {"-10", "10", "-10"},
        {"0.35", "0.1", "0.3"},
        {"0.3", "0.1", "0.3"},
        {"-0.3", "0.1", "-0.3"},
        {"7", "2.5", "5"},
        {"-7", "2.5", "-7.5"},
        {"1", "0.25", "1"},
        {"123", "1000", "0"},
        {"99999999999999999999999999999999999999", "0.1", NULL},
        {"-170141183460469231731687303715884105728", "3", NULL},
        {"170141183460469231731687303715884105727", "3", "170141183460469231731687303715884105726"},
        {"0.1", "100000000000000000000000000000000000000", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[NUMBER_TEXT];
        struct number multiple;
        bool found = number_floor(number_of(cases[i].number), number_of(cases[i].width), &multiple);
        CHECK_ABOUT(bytes_of(cases[i].number), found == (cases[i].multiple != NULL));
        if (found)
            CHECK_TEXT(cases[i].multiple, number_format(multiple, text));
    }
    for (int i = 0; i < 100000; i++) {
        const int64_t value = (int64_t)check_random() >> 20, width = (int64_t)(check_random() % 1000) + 1;
        struct number multiple;
        CHECK(number_floor((struct number){.mantissa = value}, (struct number){.mantissa = width}, &multiple));
        const int64_t low = (int64_t)multiple.mantissa;
        CHECK(multiple.scale == 0 && low % width == 0 && low <= value && value - low < width);
    }
}

/* Numbers in JSON's form and others; reals are those of strtod, bit for bit. */
static void check_json(void)
{
    static const char *const integers[] = {"0",
                                           "-0",
                                           "7",
                                           "-7",
                                           "10",
                                           "123456789012345678",
                                           "1234567890123456789",
                                           "9223372036854775807",
                                           "-9223372036854775808"};
    static const char *const reals[] = {"0.0",
                                        "-0.0",
                                        "1.50",
                                        "-1.5",
                                        "1e3",
                                        "1E3",
                                        "1e+3",
                                        "1e-3",
                                        "1.5e300",
                                        "0.30000000000000000000000000000000000000000000000000004",
                                        "1e-400",
                                        "123456789012345678901234567890.5",
                                        "9007199254740993.0",
                                        "-1e-400"};
    static const char *const others[] = {"",
                                         "-",
                                         "+5",
                                         "007",
                                         "-007",
                                         "00",
                                         ".5",
                                         "5.",
                                         "-.5",
                                         "1.e5",
                                         "1e",
                                         "1e+",
                                         "1.5e",
                                         "0x10",
                                         "1 ",
                                         " 1",
                                         "1,5",
                                         "nan",
                                         "inf",
                                         "9223372036854775808",
                                         "-9223372036854775809",
                                         "99999999999999999999",
                                         "1e309",
                                         "-1e999",
                                         "1e5x",
                                         "1.2.3",
                                         "--1",
                                         "1e5.5",
                                         "a"};
    int64_t integer;
    double real;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        struct bytes text = check_copy(integers[i]);
        CHECK_ABOUT(text, number_parse_json(text, &integer, &real) == NUMBER_INTEGER &&
                              integer == strtoll(integers[i], NULL, 10));
        free((void *)text.data);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct bytes text = check_copy(others[i]);
        CHECK_ABOUT(text, number_parse_json(text, &integer, &real) == NUMBER_NOT_JSON);
        free((void *)text.data);
    }
    for (size_t i = 0; i < 50000 + sizeof reals / sizeof *reals; i++) {
        char random[96];
        const char *string = i < sizeof reals / sizeof *reals ? reals[i] : random;
        snprintf(random, sizeof random, "%s%llu.%0*llu%s", check_random() % 2 == 0 ? "-" : "",
                 (unsigned long long)(check_random() >> check_random() % 64), (int)(check_random() % 25),
                 (unsigned long long)(check_random() >> check_random() % 64), check_random() % 4 == 0 ? "e-7" : "");
        struct bytes text = check_copy(string);
        const double expected = strtod(string, NULL);
        CHECK_ABOUT(text, number_parse_json(text, &integer, &real) == NUMBER_REAL &&
                              memcmp(&real, &expected, sizeof real) == 0);
        free((void *)text.data);
    }
}

int main(void)
{
    check_grammar();
    check_long();
    check_add();
    check_compare();
    check_round_trip();
    check_integers();
    check_digits();
    check_split();
    check_divide();
    check_decimal();
    check_floor();
    check_json();
    return check_end();
}
