#include "stage/fold.h"

const struct option_entry fold_each_options[] = {
    {'e', "expression", OPTION_PHRASE, "STATE[,EMIT]", offsetof(struct fold, expression),
     "the new state, and what is sent (the new state if not given)"},
    {'q', "query", OPTION_TEXT, "QUERY", offsetof(struct fold, query),
     "a SELECT of STATE, or STATE and EMIT: each row's EMIT is sent"},
    {0},
};

const struct option_entry fold_end_options[] = {
    {'e', "expression", OPTION_PHRASE, "STATE[,EMIT]", offsetof(struct fold, expression),
     "the new state, and the result at the end (the state if not given)"},
    {'q', "query", OPTION_TEXT, "QUERY", offsetof(struct fold, query),
     "a SELECT of STATE, of which the last row is the new state"},
    {0},
};

static void open_operation(struct fold *fold, const char *text)
{
    struct buffer why = {0};
    if (!op_open(&fold->op, text, &why))
        option_refuse("%s", buffer_string(&why));
    if (fold->when == FOLD_END && fold->op.kind->total == NULL)
        option_refuse("%s has a result for each record, and none at the end: use fl-statemap", text);
}

static void open_expression(struct fold *fold, const char *text)
{
    const char *emit;
    fold->next = expr_open("-e", text, EXPR_NEXT_STATE, EXPR_STATE, &emit);
    if (emit != NULL)
        fold->emit = expr_open("-e", emit, EXPR_VALUE, EXPR_NEW_STATE, NULL);
}

void fold_open(struct fold *fold, struct stage *stage, const char *step, enum fold_when when, const char *operation)
{
    struct buffer signature = {0};
    fold->when = when;
    if (fold_ways(fold, operation) != 1)
        option_refuse("give one operation, or -e, or -q");
    if (operation != NULL) {
        open_operation(fold, operation);
        buffer_print(&signature, "%s %s", step, fold->op.name);
    } else if (fold->expression != NULL) {
        open_expression(fold, fold->expression);
        buffer_print(&signature, "%s -e %s", step, fold->expression);
    } else {
        fold->rows = query_open("-q", fold->query, EXPR_STATE, 1, when == FOLD_END ? 1 : 2);
        buffer_print(&signature, "%s -q %s", step, fold->query);
    }
    stage_sign(stage, buffer_string(&signature));
    buffer_free(&signature);
}

void fold_close(struct fold *fold)
{
    op_close(&fold->op);
    expr_close(fold->next);
    expr_close(fold->emit);
    query_close(fold->rows);
    buffer_free(&fold->states[0]);
    buffer_free(&fold->states[1]);
}

/* The new state: the old one if they are the same bytes, otherwise a copy that stays. */
static struct bytes keep(struct fold *fold, struct bytes old, struct bytes fresh)
{
    if (fresh.data == NULL)
        return fresh;
    if (old.data != NULL && bytes_equal(old, fresh))
        return old;
    struct buffer *buffer = &fold->states[old.data != NULL && old.data == fold->states[0].data];
    buffer->size = 0;
    buffer_reserve(buffer, 1);
    buffer_add(buffer, fresh);
    return buffer_bytes(buffer);
}

/* The result of a record that is left out. */
static struct fold_result left_out(struct stage *stage, struct bytes state, enum stage_omission why)
{
    stage_omit(stage, why);
    return (struct fold_result){.first = {.state = state}};
}

static const char *apply_query(struct fold *fold, struct stage *stage, const struct expr_input *input,
                               struct fold_result *result)
{
    struct query_rows rows;
    const char *why = query_evaluate(fold->rows, input, &rows);
    if (why != NULL)
        return why;
    const size_t columns = query_columns(fold->rows), last = columns - 1;
    if (rows.count == 0) {
        *result = left_out(stage, input->state, STAGE_NO_ROW);
        return NULL;
    }
    *result = (struct fold_result){.first = {.state = keep(fold, input->state, rows.values[(rows.count - 1) * columns]),
                                             .emit = rows.values[last]},
                                   .more = rows.values + columns + last,
                                   .count = rows.count - 1,
                                   .stride = columns};
    return NULL;
}

/* Sets *emit to what is sent; data NULL: nothing. Returns NULL, or why the record is a bad one. */
static const char *evaluate_emit(struct fold *fold, const struct expr_input *input, struct bytes *emit)
{
    struct expr_result result = {.why = NULL};
    const enum expr_answer answer = expr_evaluate(fold->emit, input, &result);
    *emit = answer == EXPR_OK ? result.value : (struct bytes){NULL, 0};
    return answer == EXPR_BAD ? result.why : NULL;
}

static const char *apply_expression(struct fold *fold, struct stage *stage, struct expr_input *input,
                                    struct fold_result *result)
{
    struct expr_result next;
    const enum expr_answer answer = expr_evaluate(fold->next, input, &next);
    if (answer == EXPR_BAD)
        return next.why;
    if (answer == EXPR_DROP) {
        *result = left_out(stage, input->state, STAGE_DROPPED);
        return NULL;
    }
    *result = (struct fold_result){.count = 0};
    if (answer == EXPR_OK)
        result->first.state = keep(fold, input->state, next.value);
    result->first.emit = result->first.state;
    if (fold->emit == NULL || fold->when == FOLD_END)
        return NULL;
    input->new_state = result->first.state;
    return evaluate_emit(fold, input, &result->first.emit);
}

const char *fold_apply(struct fold *fold, struct stage *stage, const struct record *record, struct bytes state,
                       struct fold_result *result)
{
    if (fold->op.apply != NULL) {
        result->count = 0;
        return fold->op.apply(&fold->op, state, record->value, &result->first);
    }
    struct expr_input input = expr_input_of(record, stage_source(stage));
    input.state = state;
    return fold->rows != NULL ? apply_query(fold, stage, &input, result)
                              : apply_expression(fold, stage, &input, result);
}

const char *fold_total(struct fold *fold, struct bytes key, struct bytes state, struct bytes *emit)
{
    *emit = state;
    if (fold->op.apply != NULL)
        return fold->op.kind->total(&fold->op, state, emit) ? NULL
                                                            : "meets a state that is damaged, or of another operation";
    if (fold->emit == NULL)
        return NULL;
    const struct expr_input input = {.key = key, .state = state, .new_state = state};
    return evaluate_emit(fold, &input, emit);
}
