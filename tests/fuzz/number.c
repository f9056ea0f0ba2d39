/* Goal of this target: each number has one text, which is read as the same number; adding and then subtracting gives
 * the number again; comparing agrees with that; and the operations take any values over any state, and then over their
 * own states. The input is lines: the first is a state, each of the others a value. */
#include "value/number.h"

#include <stdio.h>

#include "base/scan.h"
#include "fuzz.h"
#include "op/op.h"

static bool same(struct number a, struct number b)
{
    if (a.floating || b.floating)
        return a.floating && b.floating && memcmp(&a.real, &b.real, sizeof a.real) == 0;
    return a.mantissa == b.mantissa && a.scale == b.scale;
}

static struct bytes next_line(struct bytes *text)
{
    const char *end = scan_find(text->data, text->data + text->size, '\n');
    struct bytes line = {text->data, (size_t)(end - text->data)};
    size_t taken = line.size + (line.size < text->size);
    *text = (struct bytes){text->data + taken, text->size - taken};
    return line;
}

/* Returns false if text is not a number. */
static bool check_number(struct bytes text, struct number *number)
{
    char form[NUMBER_TEXT];
    struct number again;
    int64_t integer;
    double high, low;
    bool is_integer = number_parse_integer(text, &integer);
    int64_t json_integer;
    double json_real;
    const enum number_json json = number_parse_json(text, &json_integer, &json_real);
    const enum number_answer answer = number_parse(text, number);
    FUZZ_CHECK(json == NUMBER_NOT_JSON || answer != NUMBER_NONE);
    if (answer != NUMBER_OK) {
        FUZZ_CHECK(!is_integer);
        return false;
    }
    number_split(*number, &high, &low);
    FUZZ_CHECK(json != NUMBER_INTEGER || (!number->floating && number->mantissa == json_integer && number->scale == 0));
    FUZZ_CHECK(json != NUMBER_REAL || high == json_real);
    FUZZ_CHECK(!is_integer || (!number->floating && number->scale == 0 && number->mantissa == integer));
    struct bytes canonical = number_format(*number, form);
    FUZZ_CHECK(number_parse(canonical, &again) == NUMBER_OK);
    if (again.floating == number->floating) {
        FUZZ_CHECK(same(again, *number) && number_compare(again, *number) == 0);
    } else { /* a floating number whose text needs no exponent */
        number_split(again, &high, &low);
        FUZZ_CHECK(number->floating && high == number->real);
    }
    return true;
}

static void check_two(struct number a, struct number b)
{
    const number_mantissa most = ((number_mantissa)1 << 126) - 1 + ((number_mantissa)1 << 126);
    struct number sum, back;
    int order = number_compare(a, b), reverse = number_compare(b, a);
    FUZZ_CHECK((order > 0) == (reverse < 0) && (order == 0) == (reverse == 0));
    if (a.floating || b.floating || !number_add(a, b, &sum) || b.mantissa < -most)
        return; /* or b has no opposite */
    const struct number negative = {.mantissa = -b.mantissa, .scale = b.scale};
    if (number_add(sum, negative, &back))
        FUZZ_CHECK(same(back, a));
}

/* Runs an operation over a state that may be anything, and over the states that it makes itself. */
static void check_op(const struct op_kind *kind, struct bytes values)
{
    char name[32];
    struct buffer why = {0};
    struct op op;
    struct op_result result;
    struct bytes line = next_line(&values);
    struct bytes state = fuzz_copy(line.data, line.size);
    snprintf(name, sizeof name, "%s%s", kind->name, kind->parameter != NULL ? ":1" : "");
    FUZZ_CHECK(op_open(&op, name, &why));
    bool own = false;
    while (values.size > 0) {
        line = next_line(&values);
        struct bytes value = fuzz_copy(line.data, line.size);
        if (op.apply(&op, own || state.size > 0 ? state : (struct bytes){NULL, 0}, value, &result) == NULL) {
            struct bytes next = fuzz_copy(result.state.data, result.state.size), total;
            struct bytes emit = fuzz_copy(result.emit.data, result.emit.size);
            FUZZ_CHECK(kind->total == NULL || kind->total(&op, next, &total));
            free((char *)emit.data);
            free((char *)state.data);
            state = next;
            own = true;
        }
        free((char *)value.data);
    }
    free((char *)state.data);
    op_close(&op);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = {(const char *)data, size};
    struct number number, before = {0};
    for (const struct op_kind *kind = op_table; kind->name != NULL; kind++)
        check_op(kind, text);
    while (text.size > 0) {
        struct bytes line = next_line(&text);
        struct bytes copy = fuzz_copy(line.data, line.size);
        if (check_number(copy, &number)) {
            check_two(before, number);
            before = number;
        }
        free((char *)copy.data);
    }
    return 0;
}
