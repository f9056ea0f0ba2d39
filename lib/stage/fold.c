#include "stage/fold.h"

#include <stdlib.h>

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
    const char *comma = expr_comma(text);
    if (comma != NULL) {
        fold->text = bytes_string((struct bytes){text, (size_t)(comma - text)});
        fold->emit = expr_open("-e", comma + 1, EXPR_VALUES, EXPR_NEW_STATE, 1, 1);
    }
    fold->next = expr_open("-e", comma != NULL ? fold->text : text, EXPR_VALUES, EXPR_STATE, 1, 1);
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
        fold->next = expr_open("-q", fold->query, EXPR_QUERY, EXPR_STATE, 1, when == FOLD_END ? 1 : 2);
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
    free(fold->text);
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

const char *fold_apply(struct fold *fold, const struct stage *stage, const struct record *record, struct bytes state,
                       struct fold_result *result)
{
    if (fold->op.apply != NULL) {
        result->count = 0;
        return fold->op.apply(&fold->op, state, record->value, &result->first);
    }
    struct expr_input input = expr_input_of(record, stage_source(stage));
    struct expr_rows rows;
    input.state = state;
    const char *why = expr_evaluate(fold->next, &input, &rows);
    if (why != NULL)
        return why;
    const size_t columns = expr_columns(fold->next), last = columns - 1;
    *result = (struct fold_result){.first = {.state = state}};
    if (rows.count == 0)
        return NULL;
    result->first.state = keep(fold, state, rows.values[(rows.count - 1) * columns]);
    result->first.emit = rows.values[last];
    result->more = rows.values + columns + last;
    result->count = rows.count - 1;
    result->stride = columns;
    if (fold->emit == NULL || fold->when == FOLD_END)
        return NULL;
    input.new_state = result->first.state;
    why = expr_evaluate(fold->emit, &input, &rows);
    if (why == NULL)
        result->first.emit = rows.values[0];
    return why;
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
    struct expr_rows rows;
    const char *why = expr_evaluate(fold->emit, &input, &rows);
    if (why == NULL)
        *emit = rows.values[0];
    return why;
}
