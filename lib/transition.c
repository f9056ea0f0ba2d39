#include "transition.h"

#include <stdlib.h>

static void open_operation(struct transition *transition, const char *text)
{
    struct buffer why = {0};
    if (!op_open(&transition->op, text, &why))
        option_refuse("%s", why.data);
    if (transition->when == TRANSITION_END && transition->op.kind->total == NULL)
        option_refuse("%s is of each record, and there is no result at the end: use fl-statemap", text);
}

static void open_expression(struct transition *transition, const char *text)
{
    const char *comma = expr_comma(text);
    if (comma != NULL) {
        const size_t size = (size_t)(comma - text);
        transition->text = bytes_allocate(size + 1);
        memcpy(transition->text, text, size);
        transition->text[size] = '\0';
        transition->emit = expr_open("-e", comma + 1, EXPR_VALUES, EXPR_NEW_STATE, 1, 1);
    }
    transition->next = expr_open("-e", comma != NULL ? transition->text : text, EXPR_VALUES, EXPR_STATE, 1, 1);
}

void transition_open(struct transition *transition, const char *step, enum transition_when when, const char *operation,
                     const struct transition_options *options)
{
    *transition = (struct transition){.when = when};
    if ((operation != NULL) + (options->expression != NULL) + (options->query != NULL) != 1)
        option_refuse("give one operation, or -e, or -q");
    if (operation != NULL) {
        open_operation(transition, operation);
        buffer_print(&transition->signature, "%s %s", step, transition->op.name);
    } else if (options->expression != NULL) {
        open_expression(transition, options->expression);
        buffer_print(&transition->signature, "%s -e %s", step, options->expression);
    } else {
        const size_t most = when == TRANSITION_END ? 1 : 2;
        transition->next = expr_open("-q", options->query, EXPR_QUERY, EXPR_STATE, 1, most);
        buffer_print(&transition->signature, "%s -q %s", step, options->query);
    }
    buffer_add_byte(&transition->signature, '\0');
}

void transition_close(struct transition *transition)
{
    op_close(&transition->op);
    expr_close(transition->next);
    expr_close(transition->emit);
    free(transition->text);
    buffer_free(&transition->states[0]);
    buffer_free(&transition->states[1]);
    buffer_free(&transition->signature);
}

/* The new state: the old one where they are the same bytes, otherwise a copy that will stay. */
static struct bytes keep(struct transition *transition, struct bytes old, struct bytes fresh)
{
    if (fresh.data == NULL)
        return fresh;
    if (old.data != NULL && bytes_equal(old, fresh))
        return old;
    struct buffer *buffer = &transition->states[old.data != NULL && old.data == transition->states[0].data];
    buffer->size = 0;
    buffer_reserve(buffer, 1);
    buffer_add(buffer, fresh);
    return buffer_bytes(buffer);
}

const char *transition_apply(struct transition *transition, const struct stage *stage, const struct record *record,
                             struct bytes state, struct transition_result *result)
{
    if (transition->op.apply != NULL) {
        result->count = 0;
        return transition->op.apply(&transition->op, state, record->value, &result->first);
    }
    struct expr_input input = expr_input_of(record, stage_source(stage));
    struct expr_rows rows;
    input.state = state;
    const char *why = expr_evaluate(transition->next, &input, &rows);
    if (why != NULL)
        return why;
    const size_t columns = expr_columns(transition->next), last = columns - 1;
    *result = (struct transition_result){.first = {.state = state}};
    if (rows.count == 0)
        return NULL;
    result->first.state = keep(transition, state, rows.values[(rows.count - 1) * columns]);
    result->first.emit = rows.values[last];
    result->more = rows.values + columns + last;
    result->count = rows.count - 1;
    result->stride = columns;
    if (transition->emit == NULL || transition->when == TRANSITION_END)
        return NULL;
    input.new_state = result->first.state;
    why = expr_evaluate(transition->emit, &input, &rows);
    if (why == NULL)
        result->first.emit = rows.values[0];
    return why;
}

const char *transition_total(struct transition *transition, struct bytes key, struct bytes state, struct bytes *emit)
{
    *emit = state;
    if (transition->op.apply != NULL)
        return transition->op.kind->total(&transition->op, state, emit)
                   ? NULL
                   : "meets a state that is damaged, or of another operation";
    if (transition->emit == NULL)
        return NULL;
    const struct expr_input input = {.key = key, .state = state, .new_state = state};
    struct expr_rows rows;
    const char *why = expr_evaluate(transition->emit, &input, &rows);
    if (why == NULL)
        *emit = rows.values[0];
    return why;
}
