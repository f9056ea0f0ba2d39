#include "expr/expr.h"

#include <stdlib.h>

#include "expr/program.h"
#include "expr/sql.h"

struct expr {
    struct program program;
    enum expr_use use;
    bool others;              /* it reads other columns than the value */
    char number[NUMBER_TEXT]; /* the text of a result */
};

struct expr *expr_open(const char *option, const char *text, enum expr_use use, enum expr_scope scope,
                       const char **rest)
{
    static const unsigned words[] = {
        [EXPR_CONDITION] = 0, [EXPR_VALUE] = PROGRAM_DROP, [EXPR_NEXT_STATE] = PROGRAM_DROP | PROGRAM_DISCARD};
    struct expr *expr = bytes_allocate(sizeof *expr);
    expr->use = use;
    program_compile(&expr->program, option, text, scope, use == EXPR_CONDITION, words[use]);
    const bool *reads = expr->program.reads;
    expr->others = reads[COLUMN_KEY] || reads[COLUMN_SOURCE] || reads[COLUMN_STATE] || reads[COLUMN_NEW_STATE];
    const char *end = expr->program.tree.end;
    if (*end == ',' && rest == NULL)
        sql_refuse(option, text, end, "it is one expression, and has no place for a comma");
    if (rest != NULL)
        *rest = *end == ',' ? end + 1 : NULL;
    return expr;
}

void expr_close(struct expr *expr)
{
    if (expr == NULL)
        return;
    program_free(&expr->program);
    free(expr);
}

static inline void set_column(struct program *program, enum program_column column, struct bytes text)
{
    if (!program->reads[column])
        return;
    struct datum *datum = &program->registers[column];
    datum->kind = text.data != NULL ? DATUM_INPUT : DATUM_NULL;
    datum->text = text;
}

/* The program's reason, which may show the place in the text, becomes the end of a message. */
__attribute__((cold, noinline)) static enum expr_answer fail(struct expr *expr, struct expr_result *result)
{
    struct buffer why = {0};
    struct program *program = &expr->program;
    buffer_print(&why, "makes %s fail: ", program->option);
    buffer_add(&why, buffer_bytes(&program->why));
    buffer_free(&program->why);
    program->why = why;
    result->why = buffer_string(&program->why);
    return EXPR_BAD;
}

__attribute__((cold, noinline)) static enum expr_answer fail_null(struct expr *expr, struct expr_result *result)
{
    struct buffer *why = &expr->program.why;
    why->size = 0;
    buffer_print(why, "has no result: %s is NULL: write %s", expr->program.option,
                 expr->use == EXPR_NEXT_STATE ? "discard() to discard the key, or drop() to leave the record out"
                                              : "drop() to leave the record out");
    result->why = buffer_string(why);
    return EXPR_BAD;
}

enum expr_answer expr_evaluate(struct expr *expr, const struct expr_input *input, struct expr_result *result)
{
    struct program *program = &expr->program;
    set_column(program, COLUMN_VALUE, input->value);
    if (expr->others) {
        set_column(program, COLUMN_KEY, input->key);
        set_column(program, COLUMN_SOURCE, input->source);
        set_column(program, COLUMN_STATE, input->state);
        set_column(program, COLUMN_NEW_STATE, input->new_state);
    }
    switch (program_run(program, 0)) {
    case PROGRAM_OK:
        break;
    case PROGRAM_DROPPED:
        return EXPR_DROP;
    case PROGRAM_DISCARDED:
        return EXPR_DISCARD;
    case PROGRAM_FAILED:
        return fail(expr, result);
    }
    const struct datum *datum = &program->registers[program->result];
    if (expr->use == EXPR_CONDITION)
        return datum->kind == DATUM_NULL ? EXPR_NULL : datum->truth ? EXPR_TRUE : EXPR_FALSE;
    if (datum->kind == DATUM_NULL)
        return fail_null(expr, result);
    result->value = datum_bytes(datum, expr->number);
    result->number = datum->kind == DATUM_NUMBER || datum->kind == DATUM_BOOLEAN;
    return EXPR_OK;
}
