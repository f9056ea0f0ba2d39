#include "expr/member.h"

#include <stdlib.h>

/* Of one place. */
struct member {
    struct json_path path;
    bool constant; /* the path is that of every record */
};

static struct member *memo_of(struct call *call)
{
    if (call->memo == NULL) {
        call->memo = bytes_allocate(sizeof(struct member));
        *(struct member *)call->memo = (struct member){.constant = false};
    }
    return call->memo;
}

static void forget(void *memo)
{
    struct member *member = memo;
    json_path_free(&member->path);
    free(member);
}

bool member_path(struct call *call, const struct datum *datum, struct json_path *path)
{
    if (datum->kind != DATUM_TEXT && datum->kind != DATUM_INPUT)
        return call_fail_about(call, datum, "is not a path as $.name is");
    const char *why = json_path_read(path, datum->text);
    return why == NULL || call_fail_about(call, datum, "is not a path: %s", why);
}

/* Whether a text is a path, and not a name. */
static bool is_path(struct bytes text)
{
    return text.size > 0 && *text.data == '$';
}

static bool read_index(struct call *call, const struct datum *datum, struct json_step *step)
{
    const struct number number = datum->number;
    if (number.floating || number.scale != 0 || number.mantissa < INT32_MIN || number.mantissa > INT32_MAX)
        return call_fail_about(call, datum, "is not the index of an element, a whole number of 32 bits");
    *step = json_path_index((int64_t)number.mantissa);
    return true;
}

/* Sets *steps and *count to the way that a datum says; step has room for one. */
static bool read_way(struct call *call, const struct datum *datum, struct json_step *step,
                     const struct json_step **steps, size_t *count)
{
    *steps = step;
    *count = 1;
    switch (datum->kind) {
    case DATUM_NUMBER:
        return read_index(call, datum, step);
    case DATUM_TEXT:
    case DATUM_INPUT:
        break;
    default:
        return call_fail_about(call, datum, "is no name, path or index");
    }
    if (!is_path(datum->text)) {
        step->name = datum->text;
        return true;
    }
    struct json_path *path = &memo_of(call)->path;
    if (!member_path(call, datum, path))
        return false;
    *steps = path->steps;
    *count = path->count;
    return true;
}

static bool prepare(struct call *call, const struct datum *const *known)
{
    const struct datum *datum = known[1];
    struct json_step step = {.index = 0};
    const struct json_step *steps;
    size_t count;
    if (datum == NULL || datum->kind == DATUM_NULL)
        return true;
    if (!read_way(call, datum, &step, &steps, &count))
        return false;
    struct member *member = memo_of(call);
    if (steps == &step)
        json_path_one(&member->path, step);
    member->constant = true;
    return true;
}

bool member_unescape(struct call *call, const struct json_value *string, struct bytes *text)
{
    *text = json_between_quotes(string->text);
    if (!string->escaped)
        return true;
    const struct datum about = {.kind = DATUM_TEXT, .text = *text};
    char *room = call_room(call, string->text.size);
    return room != NULL && (json_unescape(string->text, room, text) ||
                            call_fail_about(call, &about, "has a lone surrogate %.*s", (int)text->size, text->data));
}

static bool give(struct datum *result, struct bytes text, enum datum_form form)
{
    result->kind = DATUM_INPUT;
    result->form = form;
    result->text = text;
    return true;
}

bool member_give(struct call *call, const struct json_value *found, bool as_text, struct datum *result)
{
    struct bytes text;
    if (found->kind == JSON_NONE)
        return give_null(result);
    if (!as_text)
        return give(result, found->text, DATUM_JSON);
    switch (found->kind) {
    case JSON_NULL:
        return give_null(result);
    case JSON_FALSE:
    case JSON_TRUE:
        return give_boolean(result, found->kind == JSON_TRUE);
    case JSON_STRING:
        break;
    default:
        return give(result, found->text, DATUM_JSON);
    }
    return member_unescape(call, found, &text) && give(result, text, DATUM_STRING);
}

__attribute__((cold, noinline)) static bool fail_json(struct call *call, size_t index, const struct json_fault *fault)
{
    struct buffer why = {0};
    json_fault_add(&why, fault);
    call_fail_about(call, call_argument(call, index), "%s", buffer_string(&why));
    buffer_free(&why);
    return false;
}

bool member_find(struct call *call, size_t index, const struct json_step *steps, size_t count, struct json_value *found)
{
    const struct datum *datum = call_argument(call, index);
    struct json_fault fault;
    struct bytes text = datum->text;
    if (datum->kind != DATUM_INPUT && datum->kind != DATUM_TEXT)
        text = datum_bytes(datum, arena_allocate(call->arena, NUMBER_TEXT));
    return json_find(text, steps, count, found, &fault) || fail_json(call, index, &fault);
}

bool member(struct call *call, bool as_text, struct datum *result)
{
    const struct member *memo = call->memo;
    const struct json_step *steps;
    struct json_step step = {.index = 0};
    size_t count;
    struct json_value found;
    if (call_argument(call, 0)->kind == DATUM_NULL || call_argument(call, 1)->kind == DATUM_NULL)
        return give_null(result);
    if (memo != NULL && memo->constant) {
        steps = memo->path.steps;
        count = memo->path.count;
    } else if (!read_way(call, call_argument(call, 1), &step, &steps, &count)) {
        return false;
    }
    return member_find(call, 0, steps, count, &found) && member_give(call, &found, as_text, result);
}

static bool member_json(struct call *call, struct datum *result)
{
    return member(call, false, result);
}

static bool member_text(struct call *call, struct datum *result)
{
    return member(call, true, result);
}

const struct function function_member = {.name = "->",
                                         .least = 2,
                                         .most = 2,
                                         .result = RESULT_ANY,
                                         .call = member_json,
                                         .prepare = prepare,
                                         .forget = forget};

const struct function function_member_text = {.name = "->>",
                                              .least = 2,
                                              .most = 2,
                                              .result = RESULT_ANY,
                                              .call = member_text,
                                              .prepare = prepare,
                                              .forget = forget};
