/* op: what each operation makes of its values; that going on from the text of a state is going on; and that a state
 * which is damaged is never taken for another. */
#include "op.h"

#include <float.h>
#include <math.h>

#include "check.h"

enum { TEXT = 256 };

/* A key: its state between two records is text in memory of its exact size. */
struct key {
    const struct op *op;
    struct op_scratch scratch;
    struct op_result result;
    struct bytes state;
};

static struct key key_of(const char *op, const char *state)
{
    struct key key = {.op = op_find(op)};
    if (state != NULL)
        key.state = check_copy(state);
    return key;
}

static void drop(struct key *key)
{
    free((void *)key->state.data);
    key->state.data = NULL;
}

static const char *take(struct key *key, const char *string)
{
    struct bytes value = check_copy(string);
    memset(&key->scratch, 'x', sizeof key->scratch);
    const char *why = key->op->apply(&key->scratch, key->state, value, &key->result);
    if (why == NULL) {
        static char emitted[TEXT];
        struct bytes before = key->state, after = key->result.state, emit = key->result.emit;
        CHECK_ABOUT(emit, emit.size < sizeof emitted && emit.data != NULL && after.data != NULL);
        memcpy(emitted, emit.data, emit.size);
        key->result.emit.data = emitted;
        if (after.data != before.data) {
            char *copy = bytes_allocate(after.size);
            memcpy(copy, after.data, after.size);
            free((void *)before.data);
            key->state = (struct bytes){copy, after.size};
        }
    }
    free((void *)value.data);
    return why;
}

/* One line a value: the value, what is emitted, and the state after it. */
struct step {
    const char *value, *emit, *state;
};

static void check_steps(const char *op, const struct step *steps)
{
    struct key key = key_of(op, NULL);
    bool any = strcmp(op, "first") == 0 || strcmp(op, "last") == 0;
    for (; steps->value != NULL; steps++) {
        CHECK_ABOUT(bytes_of(steps->value), take(&key, steps->value) == NULL);
        CHECK_TEXT(steps->emit, key.result.emit);
        CHECK_TEXT(steps->state, key.state);
        CHECK(key.result.plain != any);
    }
    drop(&key);
}

#define STEPS(op, ...) check_steps(op, (const struct step[]){__VA_ARGS__, {NULL, NULL, NULL}})

static void check_values(void)
{
    STEPS("sum", {"0", "0", "0"}, {"1", "1", "1"}, {"2", "3", "3"}, {"+003", "6", "6"}, {"4", "10", "10"},
          {"-11", "-1", "-1"}, {"1", "0", "0"}, {"-0", "0", "0"});
    STEPS("sum", {"0.1", "0.1", "0.1"}, {"0.2", "0.3", "0.3"}, {".7", "1", "1"}, {"5.", "6", "6"},
          {"-7.00", "-1", "-1"});
    STEPS("sum", {"9223372036854775807", "9223372036854775807", "9223372036854775807"},
          {"1", "9223372036854775808", "9223372036854775808"}, {"-9223372036854775809", "-1", "-1"});
    STEPS("sum", {"999999999999999999", "999999999999999999", "999999999999999999"},
          {"999999999999999999", "1999999999999999998", "1999999999999999998"},
          {"999999999999999999", "2999999999999999997", "2999999999999999997"});
    STEPS("sum", {"6", "6", "6"}, {"1e0", "7", "6 1 0"}, {"0.5", "7.5", "6.5 1 0"},
          {"1e16", "10000000000000008", "6.5 1e+16 1"}, {"1e0", "10000000000000008", "6.5 1e+16 2"},
          {"-1e16", "8.5", "6.5 0 2"});
    STEPS("sum", {"1e0", "1", "0 1 0"}, {"1e100", "1e+100", "0 1e+100 1"}, {"1e0", "1e+100", "0 1e+100 2"},
          {"-1e100", "2", "0 0 2"});
    STEPS("sum", {"9007199254740993", "9007199254740993", "9007199254740993"},
          {"1e0", "9007199254740994", "9007199254740993 1 0"});
    STEPS("sum", {"0.1", "0.1", "0.1"}, {"0e0", "0.1", "0.1 0 0"}, {"5.3", "5.4", "5.4 0 0"}, {"-5.4", "0", "0 0 0"});

    STEPS("count", {"a", "1", "1"}, {"", "2", "2"}, {"7", "3", "3"});
    STEPS("first", {"a b\\", "a b\\", "a b\\"}, {"c", "a b\\", "a b\\"});
    STEPS("first", {"", "", ""}, {"c", "", ""});
    STEPS("last", {"a", "a", "a"}, {"", "", ""}, {"\xff\n", "\xff\n", "\xff\n"});
    STEPS("min", {"007", "007", "007"}, {"7.0", "007", "007"}, {"10", "007", "007"}, {"7e0", "007", "007"},
          {"-.50", "-.50", "-.50"}, {"-0.5", "-.50", "-.50"}, {"-1e300", "-1e300", "-1e300"},
          {"-9", "-1e300", "-1e300"});
    STEPS("max", {"007", "007", "007"}, {"7.0", "007", "007"}, {"6", "007", "007"}, {"+10", "+10", "+10"},
          {"9", "+10", "+10"}, {"1e1", "+10", "+10"}, {"1E2", "1E2", "1E2"},
          {"100.00000000000000000001", "100.00000000000000000001", "100.00000000000000000001"});
    STEPS("mean", {"10", "10", "10 1"}, {"0", "5", "10 2"}, {"0", "3.3333333333333335", "10 3"},
          {"0.2", "2.55", "10.2 4"}, {"-0.20", "2", "10 5"}, {"2e0", "2", "10 2 0 6"},
          {"1e-1", "1.7285714285714284", "10 2.1 -8.326672684688674e-17 7"});
    STEPS("mean",
          {"123456789012345678901234567890", "123456789012345678901234567890", "123456789012345678901234567890 1"},
          {"0", "61728394506172839450617283945", "123456789012345678901234567890 2"});
}

static void check_refused(const char *op, const char *state, const char *value, const char *part)
{
    struct key key = key_of(op, state);
    const char *why = take(&key, value);
    CHECK_ABOUT(bytes_of(state != NULL ? state : value), why != NULL && strstr(why, part) != NULL);
    if (state != NULL)
        CHECK_TEXT(state, key.state);
    drop(&key);
}

static void check_bad(void)
{
    static const char *const numeric[] = {"sum", "mean", "min", "max"};
    for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++) {
        static const char *const states[] = {"6", "10 1", "6", "6"};
        static const char *const words[] = {"", "abc", " 1", "1 ", "1\r", "0x10", "nan", "1 2"};
        for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
            check_refused(numeric[i], NULL, words[j], "is not a number");
            check_refused(numeric[i], states[i], words[j], "is not a number");
        }
        check_refused(numeric[i], NULL, "170141183460469231731687303715884105728", "is beyond the exact range");
        check_refused(numeric[i], NULL, "1e309", "is beyond the range of floating point");
    }
    check_refused("sum", "170141183460469231731687303715884105727", "1", "takes the sum beyond the exact range");
    check_refused("mean", "170141183460469231731687303715884105727 9", "1", "takes the sum beyond the exact range");
    check_refused("sum", "0 1.7976931348623157e+308 0", "1e308", "takes the sum beyond the range of floating point");
    check_refused("mean", "0 1.7976931348623157e+308 0 1", "1e308", "takes the sum beyond the range of floating point");

    static const struct {
        const char *op, *states[16];
    } damaged[] = {
        {"sum",
         {"", " ", "a", "6 ", " 6", "6 1", "6 1 ", "6 1 0 ", "6  0", "6 1 0 0", "1e5", "6 a 0", "6 0 a", "6\t1\t0",
          "1e0 1 0"}},
        {"mean",
         {"", " ", "6", "6 ", " 6", "6 0", "6 -1", "6 1.0", "6 1 1", "6 1 0 0", "6 1 0 2 ", "a 1",
          "6 1000000000000000000", "1e5 1"}},
        {"count", {"", "0", "-1", "a", "1 ", "1.0", "6 1"}},
        {"min", {"", "a", "6 1", "6 "}},
        {"max", {"", "a", "6 1 0", " 6"}},
    };
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
        for (size_t j = 0; j < 16 && damaged[i].states[j] != NULL; j++) {
            check_refused(damaged[i].op, damaged[i].states[j], "5", "meets a state that is damaged");
            if (damaged[i].op[0] != 'c' && damaged[i].op[1] != 'i')
                check_refused(damaged[i].op, damaged[i].states[j], "5e0", "meets a state that is damaged");
        }
}

/* The text between two steps loses nothing: the same sum, kept in doubles all the way, has the same bits. Exact numbers
 * among them are kept in 64 bits of thousandths here. */
static void check_resumed_sum(void)
{
    struct key key = key_of("sum", NULL);
    volatile double sum = 0, compensation = 0;
    int64_t thousandths = 0;
    for (int i = 0; i < 50000; i++) {
        char value[64];
        int64_t random = (int64_t)check_random();
        if (random % 2 == 0) {
            int64_t exact = random / 2 % 1000000000;
            thousandths += exact;
            snprintf(value, sizeof value, "%s%lld.%03lld", exact < 0 ? "-" : "", llabs(exact) / 1000,
                     llabs(exact) % 1000);
        } else {
            double real = ldexp((double)random, (int)(check_random() % 200) - 100);
            snprintf(value, sizeof value, "%.16e", real);
            volatile double next = sum + real;
            if (fabs(sum) >= fabs(real))
                compensation += (sum - next) + real;
            else
                compensation += (real - next) + sum;
            sum = next;
        }
        CHECK_ABOUT(bytes_of(value), take(&key, value) == NULL);
    }
    char expected[TEXT], found[TEXT] = {0};
    memcpy(found, key.state.data, key.state.size);
    char exact[NUMBER_TEXT];
    struct number whole = {.mantissa = thousandths, .scale = 3};
    for (; whole.mantissa % 10 == 0 && whole.scale > 0; whole.scale--)
        whole.mantissa /= 10;
    struct bytes text = number_format(whole, exact);
    snprintf(expected, sizeof expected, "%.*s ", (int)text.size, text.data);
    CHECK_ABOUT(bytes_of(found), strncmp(found, expected, strlen(expected)) == 0);
    char *end = found + strcspn(found, " ");
    CHECK(strtod(end, &end) == sum);
    CHECK(strtod(end, &end) == compensation);
    drop(&key);
}

/* Where the floating numbers are integers, the whole is known exactly: what is emitted is the double nearest to it. */
static void check_nearest_sum(void)
{
    struct key key = key_of("sum", "0 0 0");
    number_mantissa whole = 0;
    for (int i = 0; i < 50000; i++) {
        char value[64];
        int64_t random = (int64_t)check_random() >> check_random() % 64;
        if (random % 2 == 0)
            snprintf(value, sizeof value, "%lld", (long long)random);
        else {
            random = (int64_t)(double)(random / 1024);
            snprintf(value, sizeof value, "%.17ge0", (double)random);
            if (strchr(value, 'e') != strrchr(value, 'e'))
                *strrchr(value, 'e') = '\0';
        }
        whole += random;
        CHECK_ABOUT(bytes_of(value), take(&key, value) == NULL);
        char text[TEXT] = {0};
        memcpy(text, key.result.emit.data, key.result.emit.size);
        CHECK_ABOUT(bytes_of(text), strtod(text, NULL) == (double)whole);
    }
    drop(&key);
}

static void check_table(void)
{
    static const char *const names[] = {"sum", "count", "min", "max", "mean", "first", "last"};
    size_t count = 0;
    for (const struct op *op = op_table; op->name != NULL; op++, count++)
        CHECK(op_find(op->name) == op && strlen(op->description) > 0 && strchr(op->description, '\n') == NULL);
    CHECK(count == sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_ABOUT(bytes_of(names[i]), op_find(names[i]) != NULL);
    CHECK(op_find("") == NULL && op_find("su") == NULL && op_find("sums") == NULL);
}

/* What is unchanged lies where it lay. */
static void check_unchanged(void)
{
    static const char *const kept[] = {"first", "min", "max"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct key key = key_of(kept[i], "5");
        const char *data = key.state.data;
        CHECK(take(&key, "5.0") == NULL && key.result.state.data == data && key.state.data == data);
        drop(&key);
    }
}

int main(void)
{
    check_values();
    check_bad();
    check_resumed_sum();
    check_nearest_sum();
    check_table();
    check_unchanged();
    return check_end();
}
