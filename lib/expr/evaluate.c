/* The evaluation of a program. */
#include "expr/program.h"
#include "expr/sql.h"
#include "value/arithmetic.h"

/* Not to be inlined into the loop, where registers are few. */
#define SLOW __attribute__((noinline))

/* --- why it fails ------------------------------------------------------------------------------------------------- */

/* Puts the expression and a caret behind the reason. */
SLOW static enum program_answer fail_at(struct program *program, const struct node *node)
{
    sql_add_caret(&program->why, program->text, node->place);
    return PROGRAM_FAILED;
}

/* The reason is that a datum is what the text says. */
SLOW static enum program_answer fail(struct program *program, const struct node *node, const struct datum *datum,
                                     const char *is)
{
    program->why.size = 0;
    datum_quote(&program->why, datum);
    buffer_print(&program->why, " %s", is);
    return fail_at(program, node);
}

SLOW static enum program_answer fail_operand(struct program *program, const struct node *node,
                                             const struct datum *datum)
{
    struct number number;
    if (datum->kind == DATUM_BOOLEAN)
        return fail(program, node, datum, "is a boolean, and no number: write iif(x, 1, 0)");
    return fail(program, node, datum,
                datum_number(datum, &number) == NUMBER_BEYOND ? "is a number beyond the range" : "is not a number");
}

/* The reason is the result of an operator on both. */
SLOW static enum program_answer fail_result(struct program *program, const struct instruction *at,
                                            const struct datum *a, const struct datum *b, const char *why)
{
    program->why.size = 0;
    datum_quote(&program->why, a);
    buffer_print(&program->why, " %s ", parse_operator_text((enum operator)at->operator));
    datum_quote(&program->why, b);
    buffer_print(&program->why, " %s", why);
    return fail_at(program, at->node);
}

/* --- operators ---------------------------------------------------------------------------------------------------- */

/* Adds, subtracts or multiplies whole numbers of 64 bits. Returns false if they, or the result, are others. */
static inline bool calculate_integers(enum action action, const struct datum *a, const struct datum *b,
                                      struct datum *result)
{
    int64_t x, y, z;
    if (!datum_integer(a, &x) || !datum_integer(b, &y))
        return false;
    if (action == ACTION_ADD        ? __builtin_add_overflow(x, y, &z)
        : action == ACTION_SUBTRACT ? __builtin_sub_overflow(x, y, &z)
                                    : __builtin_mul_overflow(x, y, &z))
        return false;
    return give_integer(result, z);
}

SLOW static enum program_answer calculate(struct program *program, const struct instruction *at, const struct datum *a,
                                          const struct datum *b, struct datum *result)
{
    struct number x, y, z;
    enum number_answer answer;
    if (a->kind == DATUM_NULL || b->kind == DATUM_NULL) {
        give_null(result);
        return PROGRAM_OK;
    }
    if (datum_number(a, &x) != NUMBER_OK)
        return fail_operand(program, at->node, a);
    if (datum_number(b, &y) != NUMBER_OK)
        return fail_operand(program, at->node, b);
    switch (at->action) {
    case ACTION_ADD:
        answer = arithmetic_add(x, y, &z);
        break;
    case ACTION_SUBTRACT:
        answer = arithmetic_subtract(x, y, &z);
        break;
    case ACTION_MULTIPLY:
        answer = arithmetic_multiply(x, y, &z);
        break;
    case ACTION_DIVIDE:
        answer = arithmetic_divide(x, y, &z);
        break;
    default:
        answer = arithmetic_remainder(x, y, &z);
    }
    if (answer == NUMBER_NONE)
        return fail_result(program, at, a, b, "is a division by zero");
    if (answer == NUMBER_BEYOND)
        return fail_result(program, at, a, b, "is beyond the range of numbers");
    give_number(result, z);
    return PROGRAM_OK;
}

SLOW static enum program_answer sign(struct program *program, const struct instruction *at, const struct datum *a,
                                     struct datum *result)
{
    struct number x;
    if (a->kind == DATUM_NULL) {
        give_null(result);
        return PROGRAM_OK;
    }
    if (datum_number(a, &x) != NUMBER_OK)
        return fail_operand(program, at->node, a);
    if (at->action == ACTION_NEGATE && !arithmetic_negate(x, &x))
        return fail(program, at->node, a, "is beyond the range of numbers when it is negated");
    give_number(result, x);
    return PROGRAM_OK;
}

/* As SQLite: a negative number of places shifts the other way, and a shift by 64 or more leaves the sign alone. */
static int64_t shift_left(int64_t value, int64_t places)
{
    if (places <= -64)
        return value < 0 ? -1 : 0;
    if (places < 0) /* of a negative number, the bits of its complement come in as zeros */
        return value < 0 ? ~(int64_t)(~(uint64_t)value >> -places) : (int64_t)((uint64_t)value >> -places);
    return places >= 64 ? 0 : (int64_t)((uint64_t)value << places);
}

SLOW static enum program_answer combine_bits(struct program *program, const struct instruction *at,
                                             const struct datum *a, const struct datum *b, struct datum *result)
{
    struct number x, y;
    int64_t bits;
    if (a->kind == DATUM_NULL || b->kind == DATUM_NULL) {
        give_null(result);
        return PROGRAM_OK;
    }
    if (datum_number(a, &x) != NUMBER_OK || !number_is_small(&x))
        return fail(program, at->node, a, "is not a whole number of 64 bits");
    if (datum_number(b, &y) != NUMBER_OK || !number_is_small(&y))
        return fail(program, at->node, b, "is not a whole number of 64 bits");
    const int64_t left = (int64_t)x.mantissa, right = (int64_t)y.mantissa;
    switch ((enum operator)at->operator) {
    case OPERATOR_BIT_AND:
        bits = left & right;
        break;
    case OPERATOR_BIT_OR:
        bits = left | right;
        break;
    case OPERATOR_LEFT:
        bits = shift_left(left, right);
        break;
    case OPERATOR_RIGHT:
        bits = shift_left(left, right == INT64_MIN ? INT64_MAX : -right);
        break;
    default:
        bits = ~left;
    }
    give_integer(result, bits);
    return PROGRAM_OK;
}

static enum program_answer concatenate(struct program *program, const struct instruction *at, const struct datum *a,
                                       const struct datum *b, struct datum *result)
{
    char a_text[NUMBER_TEXT], b_text[NUMBER_TEXT];
    if (a->kind == DATUM_BOOLEAN || b->kind == DATUM_BOOLEAN)
        return fail(program, at->node, a->kind == DATUM_BOOLEAN ? a : b,
                    "is a boolean, and no text: write iif(x, 'yes', 'no')");
    if (a->kind == DATUM_NULL || b->kind == DATUM_NULL) {
        give_null(result);
        return PROGRAM_OK;
    }
    const struct bytes left = datum_bytes(a, a_text), right = datum_bytes(b, b_text);
    struct call call = {.arena = &program->arena, .why = &program->why};
    char *text = call_room(&call, left.size + right.size);
    if (text == NULL)
        return fail_at(program, at->node);
    bytes_copy(bytes_copy(text, left), right);
    give_text(result, (struct bytes){text, left.size + right.size});
    return PROGRAM_OK;
}

static enum program_answer compare(struct program *program, const struct instruction *at, const struct datum *a,
                                   const struct datum *b, struct datum *result)
{
    const enum datum_order order = datum_compare(a, b);
    const enum operator operator=(enum operator) at->operator;
    bool truth;
    if (order == DATUM_UNKNOWN) {
        give_null(result);
        return PROGRAM_OK;
    }
    if (order == DATUM_UNEQUAL && operator!= OPERATOR_EQUAL && operator!= OPERATOR_UNEQUAL)
        return fail_result(program, at, a, b, "compares a number with a text that is none");
    switch (operator) {
    case OPERATOR_EQUAL:
        truth = order == DATUM_EQUAL;
        break;
    case OPERATOR_UNEQUAL:
        truth = order != DATUM_EQUAL;
        break;
    case OPERATOR_LESS:
        truth = order == DATUM_LESS;
        break;
    case OPERATOR_LESS_EQUAL:
        truth = order != DATUM_GREATER;
        break;
    case OPERATOR_GREATER:
        truth = order == DATUM_GREATER;
        break;
    default:
        truth = order != DATUM_LESS;
    }
    give_boolean(result, truth);
    return PROGRAM_OK;
}

/* As SQL: true if one of the members is equal, otherwise NULL if one of them is NULL. */
static void look_in(const struct program *program, const struct instruction *at, const struct datum *a,
                    struct datum *result)
{
    bool unknown = false;
    for (uint32_t i = 0; i < at->count; i++) {
        const enum datum_order order = datum_compare(a, &program->registers[program->arguments[at->next + i]]);
        unknown |= order == DATUM_UNKNOWN;
        if (order == DATUM_EQUAL) {
            give_boolean(result, !at->negated);
            return;
        }
    }
    if (unknown)
        give_null(result);
    else
        give_boolean(result, at->negated);
}

SLOW static enum program_answer cast(struct program *program, const struct instruction *at, const struct datum *a,
                                     struct datum *result)
{
    struct number x, one = {.mantissa = 1};
    double low;
    if (a->kind == DATUM_NULL) {
        give_null(result);
        return PROGRAM_OK;
    }
    if (at->count == TYPE_TEXT) {
        char *text = arena_allocate(&program->arena, NUMBER_TEXT);
        give_text(result, datum_bytes(a, text));
        return PROGRAM_OK;
    }
    if (a->kind == DATUM_BOOLEAN)
        x = (struct number){.mantissa = a->truth};
    else if (datum_number(a, &x) != NUMBER_OK)
        return fail_operand(program, at->node, a);
    if (at->count == TYPE_INTEGER && arithmetic_whole_quotient(x, one, &x) != NUMBER_OK)
        return fail(program, at->node, a, "is beyond the range of numbers");
    if (at->count == TYPE_REAL) {
        number_split(x, &x.real, &low);
        x.floating = true;
    }
    give_number(result, x);
    return PROGRAM_OK;
}

static enum program_answer call_function(struct program *program, const struct instruction *at, struct datum *result)
{
    struct site *site = &program->sites[at->next];
    struct call call = {.registers = program->registers,
                        .arguments = program->arguments + site->first,
                        .count = site->count,
                        .arena = &program->arena,
                        .why = &program->why,
                        .memo = site->memo};
    if (!site->function->sees_null)
        for (size_t i = 0; i < call.count; i++)
            if (call_argument(&call, i)->kind == DATUM_NULL) {
                give_null(result);
                return PROGRAM_OK;
            }
    const bool done = site->function->call(&call, result);
    site->memo = call.memo;
    if (done)
        return PROGRAM_OK;
    struct buffer why = program->why;
    program->why = (struct buffer){0};
    buffer_print(&program->why, "%s: ", site->function->name);
    buffer_add(&program->why, buffer_bytes(&why));
    buffer_free(&why);
    return fail_at(program, at->node);
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static bool is_truth(const struct datum *datum, bool truth)
{
    return datum->kind == DATUM_BOOLEAN && datum->truth == truth;
}

/* AND (of false) and OR (of true) of two that are booleans or NULL. */
static void combine(const struct datum *a, const struct datum *b, bool decisive, struct datum *result)
{
    if (is_truth(a, decisive) || is_truth(b, decisive))
        give_boolean(result, decisive);
    else if (a->kind == DATUM_NULL || b->kind == DATUM_NULL)
        give_null(result);
    else
        give_boolean(result, !decisive);
}

enum program_answer program_run(struct program *program, size_t from)
{
    struct datum *const registers = program->registers;
    enum program_answer answer = PROGRAM_OK;
    arena_reset(&program->arena);
    for (const struct instruction *at = program->code + from; answer == PROGRAM_OK; at++) {
        struct datum *const target = &registers[at->target];
        const struct datum *const a = &registers[at->a], *const b = &registers[at->b];
        bool jumps = false;
        switch ((enum action)at->action) {
        case ACTION_COPY:
            *target = *a;
            break;
        case ACTION_JUMP:
            jumps = true;
            break;
        case ACTION_JUMP_IF_FALSE:
            jumps = is_truth(a, false);
            break;
        case ACTION_JUMP_IF_TRUE:
            jumps = is_truth(a, true);
            break;
        case ACTION_JUMP_UNLESS_TRUE:
            jumps = !is_truth(a, true);
            break;
        case ACTION_JUMP_UNLESS_NULL:
            jumps = a->kind != DATUM_NULL;
            break;
        case ACTION_CHECK_CONDITION:
            if (a->kind != DATUM_BOOLEAN && a->kind != DATUM_NULL)
                answer = fail(program, at->node, a, "is no condition: a condition is true, false or NULL");
            break;
        case ACTION_AND:
            combine(a, b, false, target);
            break;
        case ACTION_OR:
            combine(a, b, true, target);
            break;
        case ACTION_NOT:
            if (a->kind == DATUM_NULL)
                give_null(target);
            else
                give_boolean(target, !a->truth);
            break;
        case ACTION_IS_NULL:
            give_boolean(target, (a->kind == DATUM_NULL) != at->negated);
            break;
        case ACTION_COMPARE:
            answer = compare(program, at, a, b, target);
            break;
        case ACTION_IS: {
            const bool both = a->kind == DATUM_NULL && b->kind == DATUM_NULL;
            give_boolean(target, (both || datum_compare(a, b) == DATUM_EQUAL) != at->negated);
            break;
        }
        case ACTION_IN:
            look_in(program, at, a, target);
            break;
        case ACTION_CONCATENATE:
            answer = concatenate(program, at, a, b, target);
            break;
        case ACTION_ADD:
            if (!calculate_integers(ACTION_ADD, a, b, target))
                answer = calculate(program, at, a, b, target);
            break;
        case ACTION_SUBTRACT:
            if (!calculate_integers(ACTION_SUBTRACT, a, b, target))
                answer = calculate(program, at, a, b, target);
            break;
        case ACTION_MULTIPLY:
            if (!calculate_integers(ACTION_MULTIPLY, a, b, target))
                answer = calculate(program, at, a, b, target);
            break;
        case ACTION_DIVIDE:
        case ACTION_REMAINDER:
            answer = calculate(program, at, a, b, target);
            break;
        case ACTION_NEGATE:
        case ACTION_NUMBER:
            answer = sign(program, at, a, target);
            break;
        case ACTION_BITS:
            answer = combine_bits(program, at, a, b, target);
            break;
        case ACTION_CAST:
            answer = cast(program, at, a, target);
            break;
        case ACTION_CALL:
            answer = call_function(program, at, target);
            break;
        case ACTION_DROP:
            return PROGRAM_DROPPED;
        case ACTION_DISCARD:
            return PROGRAM_DISCARDED;
        case ACTION_END:
            return PROGRAM_OK;
        }
        if (jumps)
            at = program->code + at->next - 1;
    }
    return answer;
}
