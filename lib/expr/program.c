/* From the tree of an expression to its program. */
#include "expr/program.h"

#include <stdlib.h>
#include <strings.h>

#include "base/array.h"
#include "base/hex.h"
#include "base/message.h"
#include "expr/member.h"
#include "expr/sql.h"

const char *const program_columns[COLUMNS] = {"key", "value", "source", "state", "new_state"};

/* What is known of a result before there is a record, apart from NULL. */
enum type { TYPE_ANY, TYPE_OF_INPUT, TYPE_OF_BOOLEAN, TYPE_OF_NUMBER, TYPE_OF_TEXT };

/* Where the value of a node is, and what is known of it. */
struct value {
    uint16_t place; /* a register */
    enum type type;
};

struct compiler {
    struct program *program;
    size_t columns; /* that may be named */
    unsigned words; /* enum program_words */
    size_t room;    /* of the registers */
    bool folding;   /* what is compiled is computed at once */
};

#define REFUSE(compiler, node, ...)                                                                                    \
    sql_refuse((compiler)->program->option, (compiler)->program->text, (node)->place, __VA_ARGS__)

/* --- registers and instructions ----------------------------------------------------------------------------------- */

static uint16_t add_constant(struct compiler *compiler, struct datum datum)
{
    struct program *program = compiler->program;
    program->registers =
        array_grow(program->registers, program->register_count, &compiler->room, sizeof *program->registers);
    program->registers[program->register_count] = datum;
    return (uint16_t)program->register_count++;
}

static struct instruction *add(struct compiler *compiler, enum action action, const struct node *node, size_t target,
                               uint16_t a)
{
    struct program *program = compiler->program;
    program->code = array_grow(program->code, program->code_count, &program->code_room, sizeof *program->code);
    struct instruction *instruction = &program->code[program->code_count++];
    *instruction = (struct instruction){
        .action = (uint8_t)action, .node = node, .target = (uint16_t)(COLUMNS + target), .a = a, .b = a};
    return instruction;
}

/* Adds a jump that ends where set_jump is called for it. */
static size_t add_jump(struct compiler *compiler, enum action action, const struct node *node, uint16_t a)
{
    add(compiler, action, node, 0, a);
    return compiler->program->code_count - 1;
}

static void set_jump(struct compiler *compiler, size_t jump)
{
    compiler->program->code[jump].next = (uint32_t)compiler->program->code_count;
}

static struct value value_at(size_t depth, enum type type)
{
    return (struct value){(uint16_t)(COLUMNS + depth), type};
}

/* --- values ------------------------------------------------------------------------------------------------------- */

/* Each function compiles a node. depth is the first intermediate result that is free: a node that is no leaf puts its
 * result there, and those of its operands behind it. */
static struct value compile(struct compiler *compiler, const struct node *node, size_t depth);

static enum type type_of(const struct datum *datum)
{
    static const enum type types[] = {[DATUM_NULL] = TYPE_ANY,
                                      [DATUM_BOOLEAN] = TYPE_OF_BOOLEAN,
                                      [DATUM_NUMBER] = TYPE_OF_NUMBER,
                                      [DATUM_TEXT] = TYPE_OF_TEXT,
                                      [DATUM_INPUT] = TYPE_OF_INPUT};
    return types[datum->kind];
}

static struct value compile_constant(struct compiler *compiler, struct datum datum)
{
    return (struct value){add_constant(compiler, datum), type_of(&datum)};
}

static struct value compile_number(struct compiler *compiler, const struct node *node)
{
    struct datum datum = {.kind = DATUM_NUMBER, .text = node->text};
    if (node->text.size > 2 && (node->text.data[1] | 0x20) == 'x') {
        uint64_t value = 0;
        for (size_t i = 2; i < node->text.size; i++) {
            if (value >> 60 != 0)
                REFUSE(compiler, node, "a number in hexadecimal has at most 64 bits");
            value = value << 4 | (uint64_t)hex_value(node->text.data[i]);
        }
        datum.text.data = NULL;
        datum.number = (struct number){.mantissa = (int64_t)value};
    } else if (number_parse(node->text, &datum.number) != NUMBER_OK) {
        REFUSE(compiler, node, "the number is beyond the range of numbers");
    }
    return compile_constant(compiler, datum);
}

static struct value compile_name(struct compiler *compiler, const struct node *node)
{
    struct buffer columns = {0};
    for (size_t i = 0; i < compiler->columns; i++) {
        const char *name = program_columns[i];
        if (strlen(name) == node->text.size && strncasecmp(name, node->text.data, node->text.size) == 0) {
            buffer_free(&columns);
            compiler->program->reads[i] = true;
            return (struct value){(uint16_t)i, TYPE_OF_INPUT};
        }
        buffer_print(&columns, "%s%s", i == 0 ? "" : i + 1 < compiler->columns ? ", " : " and ", name);
    }
    REFUSE(compiler, node, "there is no column %.*s: there are %s, and a text stands in single quotes",
           (int)node->text.size, node->text.data, buffer_string(&columns));
}

static void check_condition(struct compiler *compiler, const struct node *node, struct value value)
{
    switch (value.type) {
    case TYPE_OF_BOOLEAN:
        return;
    case TYPE_ANY:
        add(compiler, ACTION_CHECK_CONDITION, node, 0, value.place);
        return;
    case TYPE_OF_INPUT:
        REFUSE(compiler, node,
               "a condition is true or false, and this is bytes of the input: compare it, as in %.*s = 'x'",
               (int)node->source.size, node->source.data);
    case TYPE_OF_NUMBER:
        REFUSE(compiler, node, "a condition is true or false, and this is a number: compare it, as in %.*s <> 0",
               (int)node->source.size, node->source.data);
    case TYPE_OF_TEXT:
        REFUSE(compiler, node, "a condition is true or false, and this is a text: compare it, as in %.*s = 'x'",
               (int)node->source.size, node->source.data);
    }
}

static struct value compile_condition(struct compiler *compiler, const struct node *node, size_t depth)
{
    const struct value value = compile(compiler, node, depth);
    check_condition(compiler, node, value);
    return value;
}

static void refuse_boolean(struct compiler *compiler, const struct node *node, struct value value, const char *instead)
{
    if (value.type == TYPE_OF_BOOLEAN)
        REFUSE(compiler, node, "this is true or false, which has no meaning here: write %s", instead);
}

/* --- operators ---------------------------------------------------------------------------------------------------- */

/* a AND b, a OR b: b is evaluated only if a does not decide. */
static struct value compile_junction(struct compiler *compiler, const struct node *node, size_t depth)
{
    const bool and = node->operator== OPERATOR_AND;
    const struct value a = compile_condition(compiler, node->operands[0], depth + 1);
    add(compiler, ACTION_COPY, node, depth, a.place);
    const uint16_t result = (uint16_t)(COLUMNS + depth);
    const size_t jump = add_jump(compiler, and? ACTION_JUMP_IF_FALSE : ACTION_JUMP_IF_TRUE, node, result);
    const struct value b = compile_condition(compiler, node->operands[1], depth + 1);
    add(compiler, and? ACTION_AND : ACTION_OR, node, depth, result)->b = b.place;
    set_jump(compiler, jump);
    return value_at(depth, TYPE_OF_BOOLEAN);
}

static const struct {
    enum operator operator;
    enum action action;
    enum type type;
} actions[] = {
    {OPERATOR_EQUAL, ACTION_COMPARE, TYPE_OF_BOOLEAN},
    {OPERATOR_UNEQUAL, ACTION_COMPARE, TYPE_OF_BOOLEAN},
    {OPERATOR_LESS, ACTION_COMPARE, TYPE_OF_BOOLEAN},
    {OPERATOR_LESS_EQUAL, ACTION_COMPARE, TYPE_OF_BOOLEAN},
    {OPERATOR_GREATER, ACTION_COMPARE, TYPE_OF_BOOLEAN},
    {OPERATOR_GREATER_EQUAL, ACTION_COMPARE, TYPE_OF_BOOLEAN},
    {OPERATOR_IS, ACTION_IS, TYPE_OF_BOOLEAN},
    {OPERATOR_IS_NOT, ACTION_IS, TYPE_OF_BOOLEAN},
    {OPERATOR_BIT_AND, ACTION_BITS, TYPE_OF_NUMBER},
    {OPERATOR_BIT_OR, ACTION_BITS, TYPE_OF_NUMBER},
    {OPERATOR_LEFT, ACTION_BITS, TYPE_OF_NUMBER},
    {OPERATOR_RIGHT, ACTION_BITS, TYPE_OF_NUMBER},
    {OPERATOR_ADD, ACTION_ADD, TYPE_OF_NUMBER},
    {OPERATOR_SUBTRACT, ACTION_SUBTRACT, TYPE_OF_NUMBER},
    {OPERATOR_MULTIPLY, ACTION_MULTIPLY, TYPE_OF_NUMBER},
    {OPERATOR_DIVIDE, ACTION_DIVIDE, TYPE_OF_NUMBER},
    {OPERATOR_REMAINDER, ACTION_REMAINDER, TYPE_OF_NUMBER},
    {OPERATOR_CONCATENATE, ACTION_CONCATENATE, TYPE_OF_TEXT},
};

static struct value compile_call(struct compiler *compiler, const struct node *node, const struct function *function,
                                 struct node *const *operands, size_t count, size_t depth);

static struct value compile_binary(struct compiler *compiler, const struct node *node, size_t depth)
{
    if (node->operator== OPERATOR_AND || node->operator== OPERATOR_OR)
        return compile_junction(compiler, node, depth);
    if (node->operator== OPERATOR_MEMBER || node->operator== OPERATOR_MEMBER_TEXT)
        return compile_call(compiler, node,
                            node->operator== OPERATOR_MEMBER ? &function_member : & function_member_text,
                            node->operands, 2, depth);
    size_t i = 0;
    while (actions[i].operator!= node->operator)
        i++;
    const struct value a = compile(compiler, node->operands[0], depth + 1);
    const struct value b = compile(compiler, node->operands[1], depth + 2);
    for (int side = 0; side < 2 && actions[i].type != TYPE_OF_BOOLEAN; side++)
        refuse_boolean(compiler, node->operands[side], side == 0 ? a : b,
                       actions[i].type == TYPE_OF_NUMBER ? "iif(x, 1, 0)" : "iif(x, 'yes', 'no')");
    struct instruction *instruction = add(compiler, actions[i].action, node, depth, a.place);
    instruction->b = b.place;
    instruction->operator=(uint8_t) node->operator;
    instruction->negated = node->operator== OPERATOR_IS_NOT;
    return value_at(depth, actions[i].type);
}

static struct value compile_unary(struct compiler *compiler, const struct node *node, size_t depth)
{
    const struct node *operand = node->operands[0];
    if (node->operator== OPERATOR_NOT) {
        const struct value condition = compile_condition(compiler, operand, depth + 1);
        add(compiler, ACTION_NOT, node, depth, condition.place);
        return value_at(depth, TYPE_OF_BOOLEAN);
    }
    const struct value value = compile(compiler, operand, depth + 1);
    refuse_boolean(compiler, operand, value, "iif(x, 1, 0)");
    add(compiler,
        node->operator== OPERATOR_SUBTRACT ? ACTION_NEGATE
        : node->operator== OPERATOR_ADD    ? ACTION_NUMBER
                                           : ACTION_BITS,
        node, depth, value.place)
        ->
        operator= OPERATOR_COMPLEMENT;
    return value_at(depth, TYPE_OF_NUMBER);
}

static struct value negate_if(struct compiler *compiler, const struct node *node, size_t depth, struct value value)
{
    if (!node->negated)
        return value;
    add(compiler, ACTION_NOT, node, depth, value.place);
    return value_at(depth, TYPE_OF_BOOLEAN);
}

static struct value compile_between(struct compiler *compiler, const struct node *node, size_t depth)
{
    const struct value x = compile(compiler, node->operands[0], depth + 1);
    for (size_t i = 1; i <= 2; i++) {
        const struct value bound = compile(compiler, node->operands[i], depth + 3);
        struct instruction *instruction = add(compiler, ACTION_COMPARE, node, i == 1 ? depth : depth + 2, x.place);
        instruction->b = bound.place;
        instruction->operator= i == 1 ? OPERATOR_GREATER_EQUAL : OPERATOR_LESS_EQUAL;
    }
    add(compiler, ACTION_AND, node, depth, (uint16_t)(COLUMNS + depth))->b = (uint16_t)(COLUMNS + depth + 2);
    return negate_if(compiler, node, depth, value_at(depth, TYPE_OF_BOOLEAN));
}

/* Compiles operands, and notes their places one after the other. Returns which of the arguments is the first. */
static uint32_t compile_arguments(struct compiler *compiler, struct node *const *operands, size_t count, size_t depth,
                                  const struct function *function)
{
    struct program *program = compiler->program;
    uint16_t *places = bytes_allocate(count * sizeof *places);
    for (size_t i = 0; i < count; i++) {
        const struct value value = compile(compiler, operands[i], depth + i);
        if (function != NULL && function->result == RESULT_NUMBER && !function->sees_null)
            refuse_boolean(compiler, operands[i], value, "iif(x, 1, 0)");
        places[i] = value.place;
    }
    const size_t first = program->argument_count;
    for (size_t i = 0; i < count; i++) {
        program->arguments = array_grow(program->arguments, program->argument_count, &program->argument_room,
                                        sizeof *program->arguments);
        program->arguments[program->argument_count++] = places[i];
    }
    free(places);
    return (uint32_t)first;
}

static struct value compile_in(struct compiler *compiler, const struct node *node, size_t depth)
{
    const struct value x = compile(compiler, node->operands[0], depth + 1);
    const uint32_t first = compile_arguments(compiler, node->operands + 1, node->count - 1, depth + 2, NULL);
    struct instruction *instruction = add(compiler, ACTION_IN, node, depth, x.place);
    instruction->next = first;
    instruction->count = (uint32_t)(node->count - 1);
    instruction->negated = node->negated;
    return value_at(depth, TYPE_OF_BOOLEAN);
}

static struct value compile_match(struct compiler *compiler, const struct node *node, size_t depth)
{
    const char *name = node->operator== OPERATOR_LIKE ? "like" : node->operator== OPERATOR_GLOB ? "glob" : "regexp";
    struct node *operands[3] = {node->operands[1], node->operands[0], node->count > 2 ? node->operands[2] : NULL};
    if (node->count > 2 && node->operator!= OPERATOR_LIKE)
        REFUSE(compiler, node, "ESCAPE goes with LIKE alone");
    const struct value value =
        compile_call(compiler, node, function_find(bytes_of(name)), operands, node->count, depth);
    return negate_if(compiler, node, depth, value);
}

/* --- choices ------------------------------------------------------------------------------------------------------ */

/* A result that is one of several: each is copied to the same place. */
struct choice {
    size_t result;
    enum type type; /* of all of them so far */
    bool begun;
};

static void add_branch(struct compiler *compiler, struct choice *choice, const struct node *node, size_t depth)
{
    const struct value value = compile(compiler, node, depth);
    add(compiler, ACTION_COPY, node, choice->result, value.place);
    if (node->kind == NODE_NULL)
        return;
    choice->type = choice->begun && choice->type != value.type ? TYPE_ANY : value.type;
    choice->begun = true;
}

static struct value compile_case(struct compiler *compiler, const struct node *node, size_t depth)
{
    const bool compares = node->kind == NODE_SWITCH;
    struct node *const *const operands = node->operands + compares, *const otherwise = node->operands[node->count - 1];
    const size_t pairs = (node->count - compares - 1) / 2;
    struct choice choice = {.result = depth};
    struct value x = {0, TYPE_ANY};
    if (compares)
        x = compile(compiler, node->operands[0], depth + 1);
    depth += 2;
    size_t *ends = bytes_allocate(pairs * sizeof *ends);
    for (size_t i = 0; i < pairs; i++) {
        const struct node *when = operands[2 * i];
        struct value condition = value_at(depth, TYPE_OF_BOOLEAN);
        if (compares) {
            const struct value value = compile(compiler, when, depth + 1);
            struct instruction *instruction = add(compiler, ACTION_COMPARE, when, depth, x.place);
            instruction->b = value.place;
            instruction->operator= OPERATOR_EQUAL;
        } else {
            condition = compile_condition(compiler, when, depth);
        }
        const size_t jump = add_jump(compiler, ACTION_JUMP_UNLESS_TRUE, when, condition.place);
        add_branch(compiler, &choice, operands[2 * i + 1], depth);
        ends[i] = add_jump(compiler, ACTION_JUMP, when, 0);
        set_jump(compiler, jump);
    }
    add_branch(compiler, &choice, otherwise, depth);
    for (size_t i = 0; i < pairs; i++)
        set_jump(compiler, ends[i]);
    free(ends);
    return value_at(choice.result, choice.type);
}

/* The first of the arguments that is not NULL. */
static struct value compile_coalesce(struct compiler *compiler, const struct node *node, size_t depth)
{
    struct choice choice = {.result = depth};
    size_t *ends = bytes_allocate(node->count * sizeof *ends);
    for (size_t i = 0; i < node->count; i++) {
        add_branch(compiler, &choice, node->operands[i], depth + 1);
        ends[i] = add_jump(compiler, ACTION_JUMP_UNLESS_NULL, node, (uint16_t)(COLUMNS + depth));
    }
    for (size_t i = 0; i < node->count; i++)
        set_jump(compiler, ends[i]);
    free(ends);
    return value_at(depth, choice.type);
}

static struct value compile_iif(struct compiler *compiler, const struct node *node, size_t depth)
{
    static const struct node null = {.kind = NODE_NULL};
    struct choice choice = {.result = depth};
    const struct value condition = compile_condition(compiler, node->operands[0], depth + 1);
    const size_t jump = add_jump(compiler, ACTION_JUMP_UNLESS_TRUE, node, condition.place);
    add_branch(compiler, &choice, node->operands[1], depth + 1);
    const size_t end = add_jump(compiler, ACTION_JUMP, node, 0);
    set_jump(compiler, jump);
    add_branch(compiler, &choice, node->count > 2 ? node->operands[2] : &null, depth + 1);
    set_jump(compiler, end);
    return value_at(depth, choice.type);
}

static struct value compile_drop(struct compiler *compiler, const struct node *node, size_t depth)
{
    if ((compiler->words & PROGRAM_DROP) == 0)
        REFUSE(compiler, node, "drop() has no place in a condition: let it be false");
    add(compiler, ACTION_DROP, node, depth, 0);
    return value_at(depth, TYPE_ANY);
}

static struct value compile_discard(struct compiler *compiler, const struct node *node, size_t depth)
{
    if ((compiler->words & PROGRAM_DISCARD) == 0)
        REFUSE(compiler, node, "discard() discards a key: it goes with the STATE of fl-statemap and fl-reduce");
    add(compiler, ACTION_DISCARD, node, depth, 0);
    return value_at(depth, TYPE_ANY);
}

/* --- functions ---------------------------------------------------------------------------------------------------- */

/* Functions that do not evaluate all of their arguments, or none. */
static const struct form {
    const char *name;
    size_t least, most;
    struct value (*compile)(struct compiler *compiler, const struct node *node, size_t depth);
} forms[] = {
    {"coalesce", 2, SIZE_MAX, compile_coalesce},
    {"ifnull", 2, 2, compile_coalesce},
    {"iif", 2, 3, compile_iif},
    {"if", 2, 3, compile_iif},
    {"drop", 0, 0, compile_drop},
    {"discard", 0, 0, compile_discard},
};

static const struct form *find_form(const struct node *node)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strlen(forms[i].name) == node->text.size &&
            strncasecmp(forms[i].name, node->text.data, node->text.size) == 0)
            return &forms[i];
    return NULL;
}

static void check_count(struct compiler *compiler, const struct node *node, size_t count, size_t least, size_t most)
{
    const char *few = least == 1 ? "" : "s", *many = most == 1 ? "" : "s";
    if (count >= least && count <= most)
        return;
    if (least == most)
        REFUSE(compiler, node, "%.*s takes %zu argument%s, not %zu", (int)node->text.size, node->text.data, least, few,
               count);
    if (most == SIZE_MAX)
        REFUSE(compiler, node, "%.*s takes at least %zu argument%s, not %zu", (int)node->text.size, node->text.data,
               least, few, count);
    REFUSE(compiler, node, "%.*s takes %zu to %zu argument%s, not %zu", (int)node->text.size, node->text.data, least,
           most, many, count);
}

/* Returns whether the place holds a constant, as far as is known while it is compiled. */
static bool is_known(const struct compiler *compiler, uint16_t place)
{
    return place >= compiler->program->fixed;
}

/* Lets the function prepare itself, with the arguments that are constants. */
static void prepare(struct compiler *compiler, const struct node *node, struct site *site)
{
    struct program *program = compiler->program;
    const struct datum **known = bytes_allocate(site->count * sizeof *known);
    struct call call = {.registers = program->registers,
                        .arguments = program->arguments + site->first,
                        .count = site->count,
                        .arena = &program->constants,
                        .why = &program->why};
    for (size_t i = 0; i < site->count; i++)
        known[i] = is_known(compiler, call.arguments[i]) ? call_argument(&call, i) : NULL;
    if (!site->function->prepare(&call, known))
        REFUSE(compiler, node, "%s: %s", site->function->name, buffer_string(&program->why));
    site->memo = call.memo;
    free(known);
}

static struct value compile_call(struct compiler *compiler, const struct node *node, const struct function *function,
                                 struct node *const *operands, size_t count, size_t depth)
{
    static const enum type types[] = {[RESULT_ANY] = TYPE_ANY,
                                      [RESULT_BOOLEAN] = TYPE_OF_BOOLEAN,
                                      [RESULT_NUMBER] = TYPE_OF_NUMBER,
                                      [RESULT_TEXT] = TYPE_OF_TEXT};
    struct program *program = compiler->program;
    const uint32_t first = compile_arguments(compiler, operands, count, depth + 1, function);
    program->sites = array_grow(program->sites, program->site_count, &program->site_room, sizeof *program->sites);
    struct site *site = &program->sites[program->site_count];
    *site = (struct site){.function = function, .first = first, .count = (uint32_t)count};
    if (function->prepare != NULL)
        prepare(compiler, node, site);
    add(compiler, ACTION_CALL, node, depth, 0)->next = (uint32_t)program->site_count++;
    return value_at(depth, types[function->result]);
}

static struct value compile_function(struct compiler *compiler, const struct node *node, size_t depth)
{
    const struct form *form = find_form(node);
    if (form != NULL) {
        check_count(compiler, node, node->count, form->least, form->most);
        return form->compile(compiler, node, depth);
    }
    const struct function *function = function_find(node->text);
    if (function == NULL)
        REFUSE(compiler, node, "there is no function %.*s", (int)node->text.size, node->text.data);
    // cppcheck-suppress nullPointerRedundantCheck
    if (function->instead != NULL)
        REFUSE(compiler, node, "%s %s", function->name, function->instead);
    check_count(compiler, node, node->count, function->least, function->most);
    return compile_call(compiler, node, function, node->operands, node->count, depth);
}

static struct value compile_cast(struct compiler *compiler, const struct node *node, size_t depth)
{
    static const struct {
        const char *name;
        enum program_type type;
    } names[] = {{"text", TYPE_TEXT},     {"varchar", TYPE_TEXT},   {"blob", TYPE_TEXT},      {"integer", TYPE_INTEGER},
                 {"int", TYPE_INTEGER},   {"bigint", TYPE_INTEGER}, {"numeric", TYPE_NUMBER}, {"decimal", TYPE_NUMBER},
                 {"number", TYPE_NUMBER}, {"real", TYPE_REAL},      {"float", TYPE_REAL},     {"double", TYPE_REAL}};
    const struct value value = compile(compiler, node->operands[0], depth + 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == node->text.size &&
            strncasecmp(names[i].name, node->text.data, node->text.size) == 0) {
            add(compiler, ACTION_CAST, node, depth, value.place)->count = names[i].type;
            return value_at(depth, names[i].type == TYPE_TEXT ? TYPE_OF_TEXT : TYPE_OF_NUMBER);
        }
    REFUSE(compiler, node, "there is no type %.*s: there are TEXT, INTEGER, NUMERIC and REAL", (int)node->text.size,
           node->text.data);
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

/* Returns whether a node can be computed without a record. */
static bool is_constant(const struct node *node)
{
    if (node->kind == NODE_NAME)
        return false;
    if (node->kind == NODE_CALL) {
        const struct form *form = find_form(node);
        const struct function *function = form == NULL ? function_find(node->text) : NULL;
        if (form != NULL ? form->most == 0 : function == NULL || function->impure || function->instead != NULL)
            return false;
    }
    for (size_t i = 0; i < node->count; i++)
        if (!is_constant(node->operands[i]))
            return false;
    return true;
}

static struct value compile_node(struct compiler *compiler, const struct node *node, size_t depth)
{
    switch (node->kind) {
    case NODE_NULL:
        return compile_constant(compiler, (struct datum){.kind = DATUM_NULL});
    case NODE_BOOLEAN:
        return compile_constant(compiler,
                                (struct datum){.kind = DATUM_BOOLEAN, .truth = (*node->text.data | 0x20) == 't'});
    case NODE_NUMBER:
        return compile_number(compiler, node);
    case NODE_TEXT:
        return compile_constant(
            compiler, (struct datum){.kind = DATUM_TEXT,
                                     .text = {node->text.data != NULL ? node->text.data : "", node->text.size}});
    case NODE_NAME:
        return compile_name(compiler, node);
    case NODE_CALL:
        return compile_function(compiler, node, depth);
    case NODE_UNARY:
        return compile_unary(compiler, node, depth);
    case NODE_BINARY:
        return compile_binary(compiler, node, depth);
    case NODE_IS_NULL: {
        const struct value value = compile(compiler, node->operands[0], depth + 1);
        add(compiler, ACTION_IS_NULL, node, depth, value.place)->negated = node->negated;
        return value_at(depth, TYPE_OF_BOOLEAN);
    }
    case NODE_BETWEEN:
        return compile_between(compiler, node, depth);
    case NODE_IN:
        return compile_in(compiler, node, depth);
    case NODE_MATCH:
        return compile_match(compiler, node, depth);
    case NODE_CASE:
    case NODE_SWITCH:
        return compile_case(compiler, node, depth);
    case NODE_CAST:
        return compile_cast(compiler, node, depth);
    }
    return value_at(depth, TYPE_ANY);
}

/* Computes a node now. */
static struct value fold(struct compiler *compiler, const struct node *node, size_t depth)
{
    struct program *program = compiler->program;
    const size_t start = program->code_count;
    compiler->folding = true;
    const struct value value = compile_node(compiler, node, depth);
    compiler->folding = false;
    add(compiler, ACTION_END, node, depth, 0);
    if (program_run(program, start) == PROGRAM_FAILED)
        message_fail(STATUS_USAGE, "%s: %s", program->option, buffer_string(&program->why));
    program->code_count = start;
    struct datum datum = program->registers[value.place];
    if (datum.kind == DATUM_TEXT || datum.kind == DATUM_INPUT) {
        char *copy = arena_allocate(&program->constants, datum.text.size);
        bytes_copy(copy, datum.text);
        datum.text.data = copy;
    }
    return compile_constant(compiler, datum);
}

static struct value compile(struct compiler *compiler, const struct node *node, size_t depth)
{
    const bool folds = node->count > 0 && !compiler->folding && is_constant(node);
    return folds ? fold(compiler, node, depth) : compile_node(compiler, node, depth);
}

void program_compile(struct program *program, const char *option, const char *text, size_t columns, bool condition,
                     unsigned words)
{
    struct compiler compiler = {.program = program, .columns = columns, .words = words};
    *program = (struct program){.option = option, .text = text};
    if (!parse(text, &program->tree))
        sql_refuse(option, text, program->tree.place, "%s", program->tree.why.data);
    /* Each node has at most one constant and some intermediate results, of which CASE needs most. */
    if (program->tree.count > UINT16_MAX / 6)
        sql_refuse(option, text, NULL, "it is too long");
    program->fixed = program->register_count = COLUMNS + 4 * program->tree.count + 4;
    compiler.room = program->register_count;
    program->registers = bytes_allocate(compiler.room * sizeof *program->registers);
    memset(program->registers, 0, compiler.room * sizeof *program->registers);
    /* There is room for one at least, so that the place of no arguments is a place. */
    program->arguments = array_grow(NULL, 0, &program->argument_room, sizeof *program->arguments);
    const struct node *root = program->tree.root;
    const struct value value = condition ? compile_condition(&compiler, root, 0) : compile(&compiler, root, 0);
    program->result = value.place;
    add(&compiler, ACTION_END, root, 0, 0);
}

void program_free(struct program *program)
{
    for (size_t i = 0; i < program->site_count; i++)
        if (program->sites[i].memo != NULL)
            program->sites[i].function->forget(program->sites[i].memo);
    parse_free(&program->tree);
    free(program->code);
    free(program->registers);
    free(program->arguments);
    free(program->sites);
    arena_free(&program->constants);
    arena_free(&program->arena);
    buffer_free(&program->why);
}
