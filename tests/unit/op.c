/* Goal of this test: each operation gives the right results; going on from the text of a state gives the same results
 * as never stopping; and a damaged state is never taken for another one. */
#include "op/op.h"

#include <math.h>

#include "check.h"

enum { TEXT = 32768 };

/* A key. Between two records its state is text in memory of its exact size. */
struct key {
    struct op op;
    struct op_result result;
    struct bytes state;
};

static struct key key_of(const char *op, const char *state)
{
    struct key key = {.state = {NULL, 0}};
    struct buffer why = {0};
    CHECK_ABOUT(bytes_of(op), op_open(&key.op, op, &why) && why.size == 0);
    if (state != NULL)
        key.state = check_copy(state);
    return key;
}

static void drop(struct key *key)
{
    free((void *)key->state.data);
    key->state.data = NULL;
    op_close(&key->op);
}

/* Overwrites and frees the memory of an operation, which must not depend on it between two values. */
static void spoil(struct op *op)
{
    memset(&op->scratch, 'x', sizeof op->scratch);
    op_close(op);
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return (a.data == NULL) == (b.data == NULL) && bytes_equal(a, b);
}

static const char *take_bytes(struct key *key, struct bytes value)
{
    static char emitted[TEXT];
    spoil(&key->op);
    const char *why = key->op.apply(&key->op, key->state, value, &key->result);
    if (why != NULL)
        return why;
    struct bytes before = key->state, after = key->result.state, emit = key->result.emit, total;
    CHECK_ABOUT(emit, emit.size < sizeof emitted && after.data != NULL);
    if (emit.data != NULL)
        key->result.emit.data = memcpy(emitted, emit.data, emit.size);
    if (after.data != before.data) {
        char *copy = bytes_allocate(after.size);
        memcpy(copy, after.data, after.size);
        free((void *)before.data);
        key->state = (struct bytes){copy, after.size};
    }
    spoil(&key->op);
    if (key->op.kind->total != NULL)
        CHECK_ABOUT(key->state,
                    key->op.kind->total(&key->op, key->state, &total) && same_bytes(total, key->result.emit));
    return NULL;
}

static const char *take(struct key *key, const char *string)
{
    struct bytes value = check_copy(string);
    const char *why = take_bytes(key, value);
    free((void *)value.data);
    return why;
}

/* The emit of a step that sends nothing. */
#define NOTHING NULL

/* A value, the value that is sent for it, and the state after it. */
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
        CHECK((steps->emit == NOTHING) == (key.result.emit.data == NULL));
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

    STEPS("var", {"1", NOTHING, "1 1 0 0"}, {"2", "0.5", "2 1 0.5 0.5"}, {"3", "1", "3 1 1 2"},
          {"4.00", "1.6666666666666667", "4 1 1.5 5"}, {"-1e0", "3.6999999999999997", "5 1 0.8 14.799999999999999"});
    STEPS("var", {"7", NOTHING, "1 7 0 0"}, {"7", "0", "2 7 0 0"}, {"7.0", "0", "3 7 0 0"});
    STEPS("stddev", {"1", NOTHING, "1 1 0 0"}, {"2", "0.7071067811865476", "2 1 0.5 0.5"}, {"3", "1", "3 1 1 2"});
    STEPS("delta", {"5", NOTHING, "5"}, {"007", "2", "007"}, {"0.50", "-6.5", "0.50"}, {"0.5", "0", "0.5"},
          {"-1e0", "-1.5", "-1e0"}, {"3", "4", "3"},
          {"9223372036854775808", "9223372036854775805", "9223372036854775808"}, {"0", "-9223372036854775808", "0"});
    STEPS("delta", {"0.1", NOTHING, "0.1"}, {"1e-1", "0", "1e-1"}, {"3e-1", "0.2", "3e-1"});
    STEPS("ewma:0.5", {"1", "1", "1"}, {"2", "1.5", "1.5"}, {"-3e0", "-0.75", "-0.75"}, {"-.75", "-0.75", "-0.75"});
    STEPS("ewma:1", {"007", "7", "7"}, {"0.1", "0.1", "0.1"}, {"1e100", "1e+100", "1e+100"}, {"5", "5", "5"});
    STEPS("distinct", {"a", "1", "e6c632b61e964e1f"}, {"", "2", "2d06800538d394c2 e6c632b61e964e1f"},
          {"a", "2", "2d06800538d394c2 e6c632b61e964e1f"});
    STEPS("topk:1", {"a", "[[\"a\",1]]", "1 0 1:a\n"}, {"7", "[[\"a\",1]]", "1 0 1:a\n1 0 1:7\n"},
          {"7", "[[7,2]]", "2 0 1:7\n1 0 1:a\n"}, {"", "[[7,2]]", "2 0 1:7\n1 0 1:a\n1 0 0:\n"},
          {"", "[[7,2]]", "2 0 1:7\n2 0 0:\n1 0 1:a\n"}, {"", "[[\"\",3]]", "3 0 0:\n2 0 1:7\n1 0 1:a\n"},
          {"\n1 0 1:\"", "[[\"\",3]]", "3 0 0:\n2 0 1:7\n1 0 1:a\n1 0 8:\n1 0 1:\"\n"});
    STEPS("topk:2", {"07", "[[\"07\",1]]", "1 0 2:07\n"},
          {"\xff", "[[\"07\",1],[\"\\u00ff\",1]]", "1 0 2:07\n1 0 1:\xff\n"});
    STEPS("min", {"7", "7", "7"}, {"007", "7", "7"}, {"+6", "+6", "+6"}, {"6", "+6", "+6"});
    STEPS("max", {"7", "7", "7"}, {"007", "7", "7"}, {"+8", "+8", "+8"}, {"8", "+8", "+8"});
    STEPS("topk:100", {"a", "[[\"a\",1]]", "1 0 1:a\n"});
    STEPS("histogram:10", {"5", "{\"0\":1}", "{\"0\":1}"}, {"-0.5", "{\"-10\":1,\"0\":1}", "{\"-10\":1,\"0\":1}"},
          {"10", "{\"-10\":1,\"0\":1,\"10\":1}", "{\"-10\":1,\"0\":1,\"10\":1}"},
          {"9.99", "{\"-10\":1,\"0\":2,\"10\":1}", "{\"-10\":1,\"0\":2,\"10\":1}"},
          {"1.9e1", "{\"-10\":1,\"0\":2,\"10\":2}", "{\"-10\":1,\"0\":2,\"10\":2}"},
          {"-10", "{\"-10\":2,\"0\":2,\"10\":2}", "{\"-10\":2,\"0\":2,\"10\":2}"});
    STEPS("histogram:0.1", {"3e-1", "{\"0.3\":1}", "{\"0.3\":1}"},
          {"0.29", "{\"0.2\":1,\"0.3\":1}", "{\"0.2\":1,\"0.3\":1}"});
}

/* A state that still lies in op, where the last call left it, is as good as a copy, even after a value that cannot be
 * taken. */
static void check_given_states(const char *op)
{
    static const char *const values[] = {
        "1",         "0",   "99999999", "12345678",         "100000000",         "007", "-3",
        "-99999999", "0.5", "-0.5",     "9999999999999999", "-9999999999999999", "x",   ""};
    struct key copied = key_of(op, NULL), given = key_of(op, NULL);
    for (int i = 0; i < 100000; i++) {
        /* Runs of short integers without a sign, and anything between them. */
        const uint64_t most = i / 1000 % 2 == 0 ? 4 : sizeof values / sizeof *values;
        const struct bytes value = bytes_of(values[check_random() % most]);
        const char *why = take_bytes(&copied, value);
        CHECK_ABOUT(value, (given.op.apply(&given.op, given.state, value, &given.result) == NULL) == (why == NULL));
        if (why != NULL)
            continue;
        given.state = given.result.state;
        CHECK_ABOUT(value, same_bytes(given.state, copied.state));
        CHECK_ABOUT(value, same_bytes(given.result.emit, copied.result.emit));
    }
    given.state.data = NULL;
    drop(&given);
    drop(&copied);
}

/* Reads records from frames by one call of frame_next, and returns their number. */
static size_t read_frames(struct frame_reader *reader, struct bytes frames, struct record *records, size_t count)
{
    struct control control;
    memcpy(reader->lines.data, frames.data, frames.size);
    reader->lines.start = 0;
    reader->lines.end = frames.size;
    CHECK_ABOUT(frames, frame_next(reader, records, &count, &control) == FRAME_RECORDS);
    return count;
}

/* Records taken together by run give the same states and frames as records taken one by one by apply; and run takes all
 * values of the common kind, which are short integers without a sign. */
static void check_runs(const char *op)
{
    enum { MOST = 40 };
    static const char *const values[] = {"1",   "99999999", "0",   "12345678", "7", "100000000",
                                         "007", "-3",       "0.5", "1e3",      "x", ""};
    static const char *const states[] = {NULL, "5", "0", "99999999", "9999999999999990", "-5", "1 2 3", "x"};
    const size_t most = sizeof values / sizeof *values;
    struct frame_reader reader;
    struct line_writer alone, together;
    frame_reader_open(&reader, -1);
    line_writer_open(&alone, -1, "memory");
    line_writer_open(&together, -1, "memory");
    alone.held = together.held = true;
    for (int i = 0; i < 20000; i++) {
        struct key key = key_of(op, NULL), run = key_of(op, NULL);
        struct buffer frames = {0};
        struct record records[MOST];
        const size_t length = (size_t)(check_random() % MOST), count = 2 + (size_t)(check_random() % (MOST - 2));
        const uint64_t of = check_random() % 4 == 0 ? most : 5;
        const char *const state = states[check_random() % (i % 2 == 0 ? 2 : sizeof states / sizeof *states)];
        for (size_t r = 0; r < count; r++)
            buffer_print(&frames, "+%.*s\t%s\n", (int)length, "a key that is longer than it needs to be",
                         values[check_random() % of]);
        CHECK(read_frames(&reader, buffer_bytes(&frames), records, MOST) == count);
        key.state = run.state = bytes_of(state);
        struct bytes before = run.state;
        const size_t taken = key.op.kind->run(&run.op, &run.state, records, count, &together);
        CHECK_ABOUT(buffer_bytes(&frames), taken <= count && (taken > 0 || same_bytes(run.state, before)));
        if (of == 5 && (state == NULL || *state == '5'))
            CHECK_ABOUT(buffer_bytes(&frames), taken == count);
        for (size_t r = 0; r < taken; r++) {
            CHECK(key.op.apply(&key.op, key.state, records[r].value, &key.result) == NULL);
            frame_write_value(&alone, &records[r], key.result.emit, key.result.plain);
            key.state = key.result.state;
        }
        CHECK_ABOUT(buffer_bytes(&frames), same_bytes(key.state, run.state));
        CHECK_ABOUT(buffer_bytes(&frames),
                    bytes_equal((struct bytes){alone.data, alone.size}, (struct bytes){together.data, together.size}));
        alone.size = together.size = 0;
        buffer_free(&frames);
        op_close(&key.op);
        op_close(&run.op);
    }
    frame_reader_close(&reader);
    free(alone.data);
    free(together.data);
}

/* The counts of the frequent values are exact if no counter was ever replaced. Otherwise no count is too small, or too
 * great by more than the number of records divided by that of counters. */
static void check_topk(unsigned values)
{
    enum { TOP = 5, COUNTERS = 50, RECORDS = 20000 };
    unsigned counts[1000] = {0};
    struct key key = key_of("topk:5", NULL);
    for (int i = 0; i < RECORDS; i++) {
        char value[16];
        unsigned number = (unsigned)(check_random() % values);
        number = number * number / values;
        counts[number]++;
        snprintf(value, sizeof value, "%u", number);
        CHECK(take(&key, value) == NULL);
    }
    char text[TEXT] = {0};
    memcpy(text, key.result.emit.data, key.result.emit.size);
    const char *at = text + 1;
    unsigned before = RECORDS;
    for (int i = 0; i < TOP; i++) {
        unsigned value, count;
        int used = 0;
        CHECK_ABOUT(bytes_of(text), sscanf(at, "[%u,%u]%n", &value, &count, &used) == 2 && used > 0);
        at += used + 1;
        CHECK_ABOUT(bytes_of(text), count <= before && value < values);
        CHECK_ABOUT(bytes_of(text), count >= counts[value] && count <= counts[value] + RECORDS / COUNTERS);
        CHECK_ABOUT(bytes_of(text), values > COUNTERS || count == counts[value]);
        before = count;
    }
    CHECK_ABOUT(bytes_of(text), *at == '\0');
    drop(&key);
}

/* Exact up to 256; beyond that within four standard errors at each size, never falling, and unchanged by values that
 * came before. */
static void check_distinct(void)
{
    struct key key = key_of("distinct", NULL);
    long long before = 0;
    for (int i = 1; i <= 30000; i++) {
        char value[16];
        snprintf(value, sizeof value, "%d", i);
        CHECK(take(&key, value) == NULL);
        char text[TEXT] = {0};
        memcpy(text, key.result.emit.data, key.result.emit.size);
        const long long found = atoll(text);
        CHECK_ABOUT(bytes_of(text), i <= 256 ? found == i : fabs((double)found - i) <= 4 * 1.04 / 64 * i);
        CHECK_ABOUT(bytes_of(text), found >= before);
        before = found;
        if (i % 50 == 0) {
            const char *data = key.state.data;
            snprintf(value, sizeof value, "%d", (int)(check_random() % (unsigned)i) + 1);
            CHECK(take(&key, value) == NULL && key.state.data == data);
            CHECK_TEXT(text, key.result.emit);
        }
    }
    drop(&key);
}

/* Registers of the right number, one of which holds a character: the least, the greatest, and those beside them. */
static void check_registers(void)
{
    enum { REGISTERS = 4096 };
    for (char character = '0' - 1; character <= '0' + 54; character++) {
        struct key key = key_of("distinct", NULL);
        struct buffer state = {0};
        buffer_print(&state, "~300 ");
        memset(buffer_reserve(&state, REGISTERS), '1', REGISTERS);
        state.size += REGISTERS;
        state.data[state.size - 1] = character;
        key.state = check_copy(buffer_string(&state));
        const char *why = NULL;
        for (int i = 0; i < 20 && why == NULL; i++) {
            char value[16];
            snprintf(value, sizeof value, "%d", i);
            why = take(&key, value);
        }
        CHECK_ABOUT(bytes_of(why), (why == NULL) == (character >= '0' && character <= '0' + 53));
        buffer_free(&state);
        drop(&key);
    }
}

/* A value that takes the place of the least frequent one takes its count, and knows by how much that is too great. */
static void check_replaced(void)
{
    struct key key = key_of("topk:1", NULL);
    for (int i = 0; i < 30; i++) {
        char value[16];
        snprintf(value, sizeof value, "%d", i % 10);
        CHECK(take(&key, value) == NULL);
    }
    CHECK(take(&key, "x") == NULL && take(&key, "y") == NULL);
    CHECK_TEXT("[[\"x\",4]]", key.result.emit);
    CHECK_ABOUT(key.state, strncmp(key.state.data, "4 3 1:x\n4 3 1:y\n3 0 1:0\n", 24) == 0);
    drop(&key);
}

static void check_histogram_limit(void)
{
    struct key key = key_of("histogram:1", NULL);
    char value[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(value, sizeof value, "%d", i * 7919 % 1000 - 500);
        CHECK_ABOUT(bytes_of(value), take(&key, value) == NULL);
    }
    const char *why = take(&key, "500");
    CHECK(why != NULL && strstr(why, "would begin bucket 1001 of its key") != NULL);
    CHECK(take(&key, "499.5") == NULL);
    struct bytes end = {key.state.data + key.state.size - 16, 16};
    CHECK_TEXT("\"498\":1,\"499\":2}", end);
    drop(&key);
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
    static const char *const numeric[] = {"sum", "mean", "min", "max", "var", "stddev", "ewma:0.5"};
    for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++) {
        static const char *const states[] = {"6", "10 1", "6", "6", "1 6 0 0", "1 6 0 0", "6"};
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

    check_refused("var", "2 0 1e+300 0", "-1e300", "takes the variance beyond the range of floating point");
    check_refused("delta", "-170141183460469231731687303715884105728", "1", "is too far from the value before it");
    check_refused("delta", "170141183460469231731687303715884105727", "-2", "is too far from the value before it");
    check_refused("delta", "1", "1e39", "is beyond the exact range");
    check_refused("histogram:1", NULL, "abc", "is not a number");
    check_refused("histogram:1", "{\"1\":1}", "1e39", "is beyond the exact range");
    check_refused("histogram:1", NULL, "1e-39", "is beyond the exact range");
    check_refused("histogram:1", NULL, "-170141183460469231731687303715884105728.5", "is beyond the exact range");
    check_refused("histogram:0.1", NULL, "99999999999999999999999999999999999999", "is beyond the exact range");

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
        {"var",
         {"", "a", "6", "1 2", "1 2 3", "0 1 0 0", "1 2 3 4 ", "1 2 3 4 5", "1 2 3 -4", "x 2 3 4", "1 x 3 4", "1 2 x 4",
          "1 2 3 x"}},
        {"stddev", {"", "1 2 0", "1 2 0 -3"}},
        {"delta", {"", "a", "6 1", "6 "}},
        {"ewma:0.5", {"", "a", "6 1", "6 "}},
        {"topk:2",
         {"", "1000000000000000000 0 1:a\n", "a", "1 0 1:a", "1 0 2:a\n", "1 0 :a\n", "1 0 a\n", "1 0 1:a\nx",
          "1  0 1:a\n", "1 0 99:a\n", "-1 0 1:a\n"}},
        {"histogram:1",
         {"", "{", "{}", "{\"1\"}", "{\"1\":1", "{\"1\":x}", "{\"x\":1}", "{1:1}", "[\"1\":1}", "{\"1\":1,}",
          "{\"1\":1}}", "{\"1e0\":1}", "{\"1\";1}"}},
        {"distinct", {"", "a", "~", "~1", "~1 0", "~ 0", "e6c632b61e964e1", "e6c632b61e964e1f ", "0 0"}},
    };
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
        for (size_t j = 0; j < 16 && damaged[i].states[j] != NULL; j++) {
            check_refused(damaged[i].op, damaged[i].states[j], "5", "meets a state that is damaged");
            if (damaged[i].op[0] != 'c' && damaged[i].op[0] != 't' && damaged[i].op[1] != 'i')
                check_refused(damaged[i].op, damaged[i].states[j], "5e0", "meets a state that is damaged");
        }
}

/* A state as text loses nothing: the same sum, kept in doubles here, has the same bits. The exact numbers among the
 * values are kept here as thousandths in 64 bits. */
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

/* If all floating numbers are integers, the exact sum is known here, and the double nearest to it must be sent. */
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
    static const char *const texts[][2] = {
        {"sum", "sum"},           {"count", "count"},     {"min", "min"},
        {"max", "max"},           {"mean", "mean"},       {"var", "var"},
        {"stddev", "stddev"},     {"delta", "delta"},     {"ewma:0.30", "ewma:0.3"},
        {"distinct", "distinct"}, {"topk:+03", "topk:3"}, {"histogram:.5", "histogram:0.5"},
        {"first", "first"},       {"last", "last"},
    };
    size_t count = 0;
    struct buffer why = {0};
    struct op op;
    for (const struct op_kind *kind = op_table; kind->name != NULL; kind++, count++) {
        CHECK(op_open(&op, texts[count][0], &why) && op.kind == kind && op.apply == kind->apply);
        CHECK_TEXT(texts[count][1], bytes_of(op.name));
        CHECK((kind->parameter == NULL) == (kind->take_parameter == NULL));
        CHECK((kind->parameter == NULL) == (kind->expected == NULL));
        op_close(&op);
    }
    CHECK(count == sizeof texts / sizeof *texts);
    static const char *const unknown[] = {"", "su", "sums", "sum ", "sum:", "sum:1", ":", "SUM"};
    static const char *const wrong[] = {"ewma",         "ewma:",         "ewma:0",     "ewma:-0.1", "ewma:1.1",
                                        "ewma:x",       "ewma:0.1:2",    "topk",       "topk:0",    "topk:101",
                                        "topk:1.5",     "topk:1e0",      "topk:-1",    "histogram", "histogram:0",
                                        "histogram:-1", "histogram:1e0", "histogram:x"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++, why.size = 0)
        CHECK_ABOUT(bytes_of(unknown[i]), !op_open(&op, unknown[i], &why) && strstr(why.data, "there are sum") != NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++, why.size = 0)
        CHECK_ABOUT(bytes_of(wrong[i]), !op_open(&op, wrong[i], &why) && strstr(why.data, " is a") != NULL);
    buffer_free(&why);
}

/* A state that does not change stays in its place. */
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
    check_given_states("sum");
    check_given_states("count");
    check_given_states("mean");
    check_runs("sum");
    check_runs("count");
    check_bad();
    check_resumed_sum();
    check_nearest_sum();
    check_topk(40);
    check_topk(1000);
    check_distinct();
    check_registers();
    check_replaced();
    check_histogram_limit();
    check_table();
    check_unchanged();
    return check_end();
}
