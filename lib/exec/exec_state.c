#include "exec/exec_state.h"

#include "exec/exec.h"
#include "state/state.h"
#include "value/json.h"
#include "value/json_find.h"

void exec_state_close(struct exec_state *exec)
{
    buffer_free(&exec->state);
    buffer_free(&exec->sent);
}

static bool read_json(struct bytes text, struct json_value *value)
{
    struct json_fault fault;
    return json_find(text, NULL, 0, value, &fault);
}

/* Finds a member of JSON. */
static struct json_value member_of(struct bytes text, const char *name)
{
    const struct json_step step = {.name = bytes_of(name)};
    struct json_value found;
    struct json_fault fault;
    json_find(text, &step, 1, &found, &fault);
    return found;
}

/* Whether it can stand in a line of JSON: it may have been saved by something else, and accepted. */
static bool is_json(struct bytes state)
{
    struct json_value value;
    return bytes_is_text(state) && memchr(state.data, '\n', state.size) == NULL && read_json(state, &value);
}

const char *exec_state_request(struct stage *stage, const struct record *record, size_t outstanding,
                               struct buffer *line)
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
    if (state.data != NULL && !is_json(state))
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

/* Sets out to what is sent for an element of emit. Returns NULL, or why it cannot be sent. */
static const char *read_element(struct buffer *out, const struct json_value *element)
{
    struct bytes text;
    out->size = 0;
    if (element->kind != JSON_STRING) {
        json_add_compact(out, element->text);
        return NULL;
    }
    if (!json_unescape(element->text, buffer_reserve(out, element->text.size), &text))
        return "has a lone surrogate in \"emit\"";
    out->size = text.size;
    return memchr(out->data, '\0', out->size) == NULL ? NULL : "has a NUL in \"emit\"";
}

const char *exec_state_answer(struct exec_state *exec, struct stage *stage, const struct record *record,
                              struct bytes line)
{
    struct json_value answer, element;
    if (!bytes_is_text(line))
        return "is not UTF-8 without NUL, as JSON is";
    if (!read_json(line, &answer))
        return "is not JSON";
    if (answer.kind != JSON_OBJECT)
        return "is no object";
    const struct json_value state = member_of(line, "state"), emit = member_of(line, "emit");
    if (state.kind == JSON_NONE)
        return "has no \"state\"";
    if (emit.kind != JSON_ARRAY)
        return "has no array \"emit\"";
    for (struct json_walk walk = json_walk(emit.text); json_next(&walk, NULL, &element);) {
        const char *why = read_element(&exec->sent, &element);
        if (why != NULL)
            return why;
    }
    exec->state.size = 0;
    json_add_compact(&exec->state, state.text);
    state_put(stage->state, record->key,
              state.kind != JSON_NULL ? buffer_bytes(&exec->state) : (struct bytes){NULL, 0});
    for (struct json_walk walk = json_walk(emit.text); json_next(&walk, NULL, &element);) {
        read_element(&exec->sent, &element);
        stage_send_value(stage, record, buffer_bytes(&exec->sent), false);
    }
    return NULL;
}
