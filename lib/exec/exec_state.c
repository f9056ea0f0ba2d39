#include "exec/exec_state.h"

#include "exec/exec.h"
#include "state/state.h"
#include "value/json.h"

/* SQLite reads a string of JSON up to its first NUL only. */
static const char state_text[] =
    "CASE WHEN NOT json_valid(value) THEN 'is not JSON'"
    " WHEN json_type(value) <> 'object' THEN 'is no object'"
    " WHEN json_type(value, '$.state') IS NULL THEN 'has no \"state\"'"
    " WHEN json_type(value, '$.emit') IS NOT 'array' THEN 'has no array \"emit\"'"
    " WHEN instr(replace(value -> '$.emit', '\\\\', ''), '\\u0000') THEN 'has a NUL in \"emit\"' END,"
    " CASE WHEN json_valid(value) THEN value -> '$.state' END";

/* A number goes out as it is written: what SQLite has read is that only for integers. */
static const char emit_text[] =
    "SELECT CASE WHEN item.type IN ('text', 'object', 'array') THEN item.value"
    " WHEN typeof(item.value) = 'integer' AND item.type = 'integer' AND item.value <> 0 THEN item.value"
    " WHEN item.type IN ('integer', 'real') THEN record.value -> ('$.emit[' || item.key || ']')"
    " ELSE item.type END FROM json_each(record.value, '$.emit') AS item";

void exec_state_open(struct exec_state *exec)
{
    *exec = (struct exec_state){
        .valid = expr_open("-x", "json_valid(state)", EXPR_CONDITION, EXPR_STATE, 1, 1),
        .state = expr_open("-x", state_text, EXPR_VALUES, EXPR_RECORD, 2, 2),
        .emit = expr_open("-x", emit_text, EXPR_QUERY, EXPR_RECORD, 1, 1),
    };
}

void exec_state_close(struct exec_state *exec)
{
    expr_close(exec->valid);
    expr_close(exec->state);
    expr_close(exec->emit);
    buffer_free(&exec->why);
}

/* Whether it can stand in a line of JSON: it may have been saved by something else, and accepted. */
static bool is_json(struct exec_state *exec, struct bytes state)
{
    struct expr_rows rows;
    return bytes_is_text(state) && memchr(state.data, '\n', state.size) == NULL &&
           expr_evaluate(exec->valid, &(struct expr_input){.state = state}, &rows) == NULL &&
           *rows.values[0].data == '1';
}

const char *exec_state_request(struct exec_state *exec, struct stage *stage, const struct record *record,
                               size_t outstanding, struct buffer *line)
{
    if (!record->keyed)
        return "has no key: put fl-key before";
    for (size_t i = 1; i <= outstanding; i++)
        if (bytes_equal(record[-(ptrdiff_t)i].key, record->key))
            return exec_later;
    if (!bytes_is_text(record->key) || !bytes_is_text(record->value))
        return bytes_is_text(record->key) ? "is not UTF-8 without NUL, as JSON is"
                                          : "has a key that is not UTF-8 without NUL, as JSON is";
    const struct bytes state = state_get(stage->state, record->key);
    if (state.data != NULL && !is_json(exec, state))
        return "has a key whose state is not JSON: it was saved by something else than -x";
    buffer_add(line, bytes_of("{\"key\":"));
    json_add_string(line, record->key);
    buffer_add(line, bytes_of(",\"state\":"));
    buffer_add(line, state.data != NULL ? state : bytes_of("null"));
    buffer_add(line, bytes_of(",\"value\":"));
    json_add_value(line, record->value);
    buffer_add_byte(line, '}');
    return NULL;
}

const char *exec_state_answer(struct exec_state *exec, struct stage *stage, const struct record *record,
                              struct bytes line)
{
    const struct expr_input input = {.value = line};
    struct expr_rows states, emits;
    if (!bytes_is_text(line))
        return "is not UTF-8 without NUL, as JSON is";
    const char *why = expr_evaluate(exec->state, &input, &states);
    if (why == NULL && states.values[0].data != NULL) {
        exec->why.size = 0;
        buffer_add(&exec->why, states.values[0]);
        why = buffer_string(&exec->why);
    }
    if (why == NULL)
        why = expr_evaluate(exec->emit, &input, &emits);
    if (why != NULL)
        return why;
    struct bytes state = states.values[1];
    if (bytes_equal(state, bytes_of("null")))
        state.data = NULL;
    state_put(stage->state, record->key, state);
    for (size_t i = 0; i < emits.count; i++)
        stage_send_value(stage, record, emits.values[i], false);
    return NULL;
}
