/* Functions of JSON. */
#include <stdlib.h>

#include "expr/function.h"
#include "expr/member.h"
#include "value/json.h"
#include "value/json_path.h"
#include "wire/frame.h"

/* Of one place. */
struct memo {
    struct buffer out;   /* what a call makes */
    struct buffer other; /* what it was made from, step by step */
    bool names_checked;  /* of json_object: all names are constants, and differ */
    size_t count;
    struct json_path paths[]; /* for each argument */
};

static struct memo *memo_of(struct call *call)
{
    if (call->memo == NULL) {
        struct memo *memo = bytes_allocate(sizeof *memo + call->count * sizeof *memo->paths);
        *memo = (struct memo){.count = call->count};
        for (size_t i = 0; i < memo->count; i++)
            memo->paths[i] = (struct json_path){.count = 0};
        call->memo = memo;
    }
    return call->memo;
}

static void forget(void *context)
{
    struct memo *memo = context;
    buffer_free(&memo->out);
    buffer_free(&memo->other);
    for (size_t i = 0; i < memo->count; i++)
        json_path_free(&memo->paths[i]);
    free(memo);
}

/* Returns an empty buffer for the result. */
static struct buffer *begin(struct call *call)
{
    struct buffer *out = &memo_of(call)->out;
    out->size = 0;
    return out;
}

static bool give_json(struct call *call, struct datum *result, const struct buffer *out)
{
    if (!give_kept(call, result, buffer_bytes(out)))
        return false;
    result->form = DATUM_JSON;
    return true;
}

static bool add_string(struct call *call, struct buffer *out, const struct datum *datum, struct bytes text)
{
    return json_add_text(out, text) || call_fail_about(call, datum, "is not UTF-8, as a string of JSON is");
}

/* Whether the bytes of an input are a number of JSON without exponent. */
static bool is_plain_number(struct bytes text)
{
    return number_is_json(text) && memchr(text.data, 'e', text.size) == NULL &&
           memchr(text.data, 'E', text.size) == NULL;
}

/* Appends a datum as JSON. */
static bool add_datum(struct call *call, struct buffer *out, const struct datum *datum)
{
    char text[NUMBER_TEXT];
    switch (datum->kind) {
    case DATUM_NULL:
        buffer_add(out, bytes_of("null"));
        return true;
    case DATUM_BOOLEAN:
        buffer_add(out, datum_bytes(datum, text));
        return true;
    case DATUM_NUMBER:
        buffer_add(out, datum->text.data != NULL && number_is_json(datum->text) ? datum->text
                                                                                : number_format(datum->number, text));
        return true;
    default:
        break;
    }
    if (datum->form == DATUM_JSON)
        json_add_compact(out, datum->text);
    else if (datum->form == DATUM_BYTES && datum->kind == DATUM_INPUT && is_plain_number(datum->text))
        buffer_add(out, datum->text);
    else
        return add_string(call, out, datum, datum->text);
    return true;
}

/* Finds the value that the path in an argument leads to within another argument, or that one itself if there is no such
 * argument. */
static bool find(struct call *call, size_t index, size_t path_index, struct json_value *found)
{
    if (path_index >= call->count)
        return member_find(call, index, NULL, 0, found);
    struct json_path *path = &memo_of(call)->paths[path_index];
    return member_path(call, call_argument(call, path_index), path) &&
           member_find(call, index, path->steps, path->count, found);
}

/* Refuses what is seen to be no path when the expression is compiled: of every step-th argument, from first on. */
static bool prepare_paths(struct call *call, const struct datum *const *known, size_t first, size_t step)
{
    for (size_t i = first; i < call->count; i += step)
        if (known[i] != NULL && known[i]->kind != DATUM_NULL && !member_path(call, known[i], &memo_of(call)->paths[i]))
            return false;
    return true;
}

static bool prepare_all_paths(struct call *call, const struct datum *const *known)
{
    return prepare_paths(call, known, 1, 1);
}

/* json(x) */
static bool call_json(struct call *call, struct datum *result)
{
    struct json_value found;
    if (!member_find(call, 0, NULL, 0, &found))
        return false;
    struct buffer *out = begin(call);
    json_add_compact(out, found.text);
    return give_json(call, result, out);
}

/* json_valid(x), json_error_position(x) */

static bool read_whole(struct call *call, struct json_fault *fault)
{
    struct json_value found;
    char text[NUMBER_TEXT];
    return json_find(datum_bytes(call_argument(call, 0), text), NULL, 0, &found, fault);
}

static bool call_valid(struct call *call, struct datum *result)
{
    struct json_fault fault;
    return give_boolean(result, read_whole(call, &fault));
}

static bool call_error_position(struct call *call, struct datum *result)
{
    struct json_fault fault;
    return give_integer(result, read_whole(call, &fault) ? 0 : (int64_t)fault.place + 1);
}

/* json_type(x [, path]) */
static bool call_type(struct call *call, struct datum *result)
{
    static const char *const names[] = {[JSON_NULL] = "null",   [JSON_FALSE] = "false", [JSON_TRUE] = "true",
                                        [JSON_STRING] = "text", [JSON_ARRAY] = "array", [JSON_OBJECT] = "object"};
    struct json_value found;
    if (!find(call, 0, 1, &found))
        return false;
    if (found.kind == JSON_NONE)
        return give_null(result);
    if (found.kind != JSON_NUMBER)
        return give_text(result, bytes_of(names[found.kind]));
    bool whole = true;
    for (size_t i = 0; i < found.text.size; i++)
        whole &= found.text.data[i] != '.' && (found.text.data[i] | 0x20) != 'e';
    return give_text(result, bytes_of(whole ? "integer" : "real"));
}

static int64_t count_elements(struct bytes text)
{
    struct json_walk walk = json_walk(text);
    struct json_value name, value;
    int64_t count = 0;
    while (json_next(&walk, &name, &value))
        count++;
    return count;
}

/* json_array_length(x [, path]) */
static bool call_array_length(struct call *call, struct datum *result)
{
    struct json_value found;
    if (!find(call, 0, 1, &found))
        return false;
    if (found.kind == JSON_NONE)
        return give_null(result);
    return give_integer(result, found.kind == JSON_ARRAY ? count_elements(found.text) : 0);
}

/* json_extract(x, path, ...) */
static bool call_extract(struct call *call, struct datum *result)
{
    struct json_value found;
    if (call->count == 2)
        return find(call, 0, 1, &found) && member_give(call, &found, true, result);
    struct buffer *out = begin(call);
    for (size_t i = 1; i < call->count; i++) {
        if (!find(call, 0, i, &found))
            return false;
        buffer_add_byte(out, i == 1 ? '[' : ',');
        json_add_compact(out, found.kind != JSON_NONE ? found.text : bytes_of("null"));
    }
    buffer_add_byte(out, ']');
    return give_json(call, result, out);
}

/* json_quote(x), json_array(x, ...) */

static bool call_quote(struct call *call, struct datum *result)
{
    struct buffer *out = begin(call);
    return add_datum(call, out, call_argument(call, 0)) && give_json(call, result, out);
}

static bool call_array(struct call *call, struct datum *result)
{
    struct buffer *out = begin(call);
    buffer_add_byte(out, '[');
    for (size_t i = 0; i < call->count; i++) {
        if (i > 0)
            buffer_add_byte(out, ',');
        if (!add_datum(call, out, call_argument(call, i)))
            return false;
    }
    buffer_add_byte(out, ']');
    return give_json(call, result, out);
}

/* json_object(name, x, ...) */

/* Sets *name to the bytes of a name; text has room for a number. */
static bool read_name(struct call *call, const struct datum *datum, char text[NUMBER_TEXT], struct bytes *name)
{
    if (datum->kind == DATUM_NULL || datum->kind == DATUM_BOOLEAN)
        return call_fail_about(call, datum, "is not the name of a member, which is a text");
    *name = datum_bytes(datum, text);
    return true;
}

/* Refuses a name that is among the earlier ones; given has each datum, or NULL if it is not known. */
static bool is_new(struct call *call, const struct datum *const *given, size_t index)
{
    char text[NUMBER_TEXT], other_text[NUMBER_TEXT];
    struct bytes name, other;
    if (!read_name(call, given[index], text, &name))
        return false;
    for (size_t i = 0; i < index; i += 2)
        if (given[i] != NULL && read_name(call, given[i], other_text, &other) && bytes_equal(name, other))
            return call_fail_about(call, given[index], "is given twice as a name");
    return true;
}

static bool prepare_object(struct call *call, const struct datum *const *known)
{
    if (call->count % 2 != 0)
        return call_fail(call, "each name needs a value behind it: %zu arguments are given", call->count);
    struct memo *memo = memo_of(call);
    memo->names_checked = true;
    for (size_t i = 0; i < call->count; i += 2)
        if (known[i] == NULL)
            memo->names_checked = false;
        else if (!is_new(call, known, i))
            return false;
    return true;
}

static bool call_object(struct call *call, struct datum *result)
{
    struct buffer *out = begin(call);
    const bool names_checked = memo_of(call)->names_checked;
    const struct datum **given = arena_allocate(call->arena, call->count * sizeof(struct datum *));
    buffer_add_byte(out, '{');
    for (size_t i = 0; i < call->count; i += 2) {
        char text[NUMBER_TEXT];
        struct bytes name;
        given[i] = call_argument(call, i);
        if ((!names_checked && !is_new(call, given, i)) || !read_name(call, given[i], text, &name))
            return false;
        if (i > 0)
            buffer_add_byte(out, ',');
        if (!add_string(call, out, given[i], name))
            return false;
        buffer_add_byte(out, ':');
        if (!add_datum(call, out, call_argument(call, i + 1)))
            return false;
    }
    buffer_add_byte(out, '}');
    return give_json(call, result, out);
}

/* json_set, json_insert, json_replace (x, path, value, ...), json_remove(x, path, ...): the text is written anew for
 * each path. */

enum { EDIT_INSERT = 1, EDIT_REPLACE = 2 };

/* Begins with the text of the first argument. Returns false, and has failed, if it is not JSON. */
static bool begin_edit(struct call *call, struct memo *memo)
{
    struct json_value whole;
    memo->out.size = 0;
    if (!member_find(call, 0, NULL, 0, &whole))
        return false;
    json_add_compact(&memo->out, whole.text);
    return true;
}

/* Finds a value in what there is so far. */
static bool find_made(struct call *call, const struct memo *memo, const struct json_path *path, size_t count,
                      struct json_value *found)
{
    struct json_fault fault;
    if (json_find(buffer_bytes(&memo->out), path->steps, count, found, &fault))
        return true;
    struct buffer why = {0};
    json_fault_add(&why, &fault);
    call_fail(call, "the result so far %s", buffer_string(&why));
    buffer_free(&why);
    return false;
}

/* Writes a part of memo->out, up to a place in it, and returns that place; the result replaces out in the end. */

static const char *keep(struct memo *memo, const char *from, const char *to)
{
    buffer_add(&memo->other, (struct bytes){from, (size_t)(to - from)});
    return to;
}

static void end_edit(struct memo *memo, const char *from)
{
    keep(memo, from, memo->out.data + memo->out.size);
    const struct buffer made = memo->other;
    memo->other = memo->out;
    memo->out = made;
}

/* Whether a step leads to the place behind the last element. */
static bool is_next(const struct json_step *step, int64_t count)
{
    return step->name.data == NULL && step->index == (step->from_end ? 0 : count);
}

/* Appends what the steps from first on lead to: arrays and objects within each other, and the value in the last. */
static bool add_new(struct call *call, struct buffer *out, const struct json_path *path, size_t first,
                    const struct datum *value)
{
    for (size_t i = first; i < path->count; i++) {
        const struct json_step *step = &path->steps[i];
        if (i > first)
            buffer_add_byte(out, step->name.data != NULL ? '{' : '[');
        if (step->name.data != NULL) {
            const struct datum name = {.kind = DATUM_TEXT, .text = step->name};
            if (!add_string(call, out, &name, step->name))
                return false;
            buffer_add_byte(out, ':');
        }
    }
    if (!add_datum(call, out, value))
        return false;
    for (size_t i = path->count; --i > first;)
        buffer_add_byte(out, path->steps[i].name.data != NULL ? '}' : ']');
    return true;
}

static bool insert(struct call *call, struct memo *memo, const struct json_path *path, const struct datum *value)
{
    /* The longest part of the path that leads to something. */
    struct json_value within = {.kind = JSON_NONE};
    size_t depth = path->count;
    while (within.kind == JSON_NONE)
        if (!find_made(call, memo, path, --depth, &within))
            return false;
    const struct json_step *step = &path->steps[depth];
    const bool fits = step->name.data != NULL ? within.kind == JSON_OBJECT
                                              : within.kind == JSON_ARRAY && is_next(step, count_elements(within.text));
    if (!fits)
        return true;
    for (size_t i = depth + 1; i < path->count; i++)
        if (path->steps[i].name.data == NULL && !is_next(&path->steps[i], 0))
            return true;
    const char *const close = within.text.data + within.text.size - 1;
    memo->other.size = 0;
    keep(memo, memo->out.data, close);
    if (within.text.size > 2)
        buffer_add_byte(&memo->other, ',');
    if (!add_new(call, &memo->other, path, depth, value))
        return false;
    end_edit(memo, close);
    return true;
}

static bool edit(struct call *call, struct memo *memo, const struct json_path *path, const struct datum *value,
                 unsigned how)
{
    struct json_value found;
    if (!find_made(call, memo, path, path->count, &found))
        return false;
    if (found.kind == JSON_NONE)
        return (how & EDIT_INSERT) == 0 || insert(call, memo, path, value);
    if ((how & EDIT_REPLACE) == 0)
        return true;
    memo->other.size = 0;
    keep(memo, memo->out.data, found.text.data);
    if (!add_datum(call, &memo->other, value))
        return false;
    end_edit(memo, found.text.data + found.text.size);
    return true;
}

static bool call_edit(struct call *call, struct datum *result, unsigned how)
{
    struct memo *memo = memo_of(call);
    for (size_t i = 0; i < call->count; i++)
        if ((i == 0 || i % 2 == 1) && call_argument(call, i)->kind == DATUM_NULL)
            return give_null(result);
    if (!begin_edit(call, memo))
        return false;
    for (size_t i = 1; i < call->count; i += 2)
        if (!member_path(call, call_argument(call, i), &memo->paths[i]) ||
            !edit(call, memo, &memo->paths[i], call_argument(call, i + 1), how))
            return false;
    return give_json(call, result, &memo->out);
}

static bool call_set(struct call *call, struct datum *result)
{
    return call_edit(call, result, EDIT_INSERT | EDIT_REPLACE);
}

static bool call_insert(struct call *call, struct datum *result)
{
    return call_edit(call, result, EDIT_INSERT);
}

static bool call_replace(struct call *call, struct datum *result)
{
    return call_edit(call, result, EDIT_REPLACE);
}

static bool prepare_edit(struct call *call, const struct datum *const *known)
{
    if (call->count % 2 == 0)
        return call_fail(call, "each path needs a value behind it: %zu arguments are given", call->count);
    return prepare_paths(call, known, 1, 2);
}

/* Removes all members of that name: an earlier one would count otherwise. */
static bool remove_one(struct call *call, struct memo *memo, const struct json_path *path)
{
    struct json_value within, name, value;
    const struct json_step *step = &path->steps[path->count - 1];
    if (!find_made(call, memo, path, path->count - 1, &within))
        return false;
    if (within.kind != (step->name.data != NULL ? JSON_OBJECT : JSON_ARRAY))
        return true;
    struct json_walk walk = json_walk(within.text);
    int64_t left = step->index; /* elements before the one to remove */
    if (step->from_end)
        left = count_elements(within.text) - step->index;
    bool first = true;
    memo->other.size = 0;
    keep(memo, memo->out.data, within.text.data + 1);
    while (json_next(&walk, &name, &value)) {
        if (walk.object ? json_is_name(&name, step->name) : left-- == 0)
            continue;
        if (!first)
            buffer_add_byte(&memo->other, ',');
        first = false;
        keep(memo, walk.object ? name.text.data : value.text.data, value.text.data + value.text.size);
    }
    end_edit(memo, within.text.data + within.text.size - 1);
    return true;
}

static bool call_remove(struct call *call, struct datum *result)
{
    struct memo *memo = memo_of(call);
    if (!begin_edit(call, memo))
        return false;
    for (size_t i = 1; i < call->count; i++) {
        struct json_path *path = &memo->paths[i];
        if (!member_path(call, call_argument(call, i), path))
            return false;
        if (path->count == 0)
            return give_null(result);
        if (!remove_one(call, memo, path))
            return false;
    }
    return give_json(call, result, &memo->out);
}

/* json_patch(x, patch) */

/* A member of an object, of the patch for it, or of both. */
struct merged {
    struct bytes plain;      /* its name */
    struct bytes name;       /* as it is written */
    struct json_value value; /* JSON_NONE: the object has no such member */
    struct json_value patch; /* JSON_NONE: the patch has none */
    size_t order;
};

static int compare_places(const void *a, const void *b)
{
    const struct merged *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static int compare_names(const void *a, const void *b)
{
    const struct merged *x = a, *y = b;
    const int order = bytes_compare(x->plain, y->plain);
    return order != 0 ? order : compare_places(a, b);
}

/* Adds the members of a value, if it is an object, to those of *count. */
static bool list_members(struct call *call, const struct json_value *object, bool is_patch, struct merged *members,
                         size_t *count)
{
    if (object->kind != JSON_OBJECT)
        return true;
    struct json_walk walk = json_walk(object->text);
    struct json_value name, value;
    while (json_next(&walk, &name, &value)) {
        struct merged *member = &members[*count];
        *member = (struct merged){.name = name.text, .order = (*count)++};
        *(is_patch ? &member->patch : &member->value) = value;
        if (!member_unescape(call, &name, &member->plain))
            return false;
    }
    return true;
}

/* Puts the members of one name together: the value is the last one, the place the first one. Returns how many are left.
 */
static size_t unite(struct merged *members, size_t count)
{
    size_t left = 0;
    qsort(members, count, sizeof *members, compare_names);
    for (size_t i = 0; i < count; i++) {
        struct merged *last = left > 0 ? &members[left - 1] : NULL;
        if (last == NULL || !bytes_equal(last->plain, members[i].plain)) {
            members[left++] = members[i];
            continue;
        }
        if (members[i].value.kind != JSON_NONE)
            last->value = members[i].value;
        if (members[i].patch.kind != JSON_NONE)
            last->patch = members[i].patch;
    }
    qsort(members, left, sizeof *members, compare_places);
    return left;
}

static size_t count_members(const struct json_value *value)
{
    return value->kind == JSON_OBJECT ? (size_t)count_elements(value->text) : 0;
}

/* Appends a value as the patch changes it (RFC 7396). */
static bool add_patched(struct call *call, struct buffer *out, const struct json_value *value,
                        const struct json_value *patch)
{
    if (patch->kind != JSON_OBJECT) {
        json_add_compact(out, patch->text);
        return true;
    }
    size_t count = 0;
    struct merged *members = bytes_allocate((count_members(value) + count_members(patch)) * sizeof *members);
    bool good = list_members(call, value, false, members, &count) && list_members(call, patch, true, members, &count);
    count = good && count > 0 ? unite(members, count) : 0;
    buffer_add_byte(out, '{');
    bool first = true;
    for (size_t i = 0; i < count && good; i++) {
        const struct merged *member = &members[i];
        if (member->patch.kind == JSON_NULL)
            continue;
        if (!first)
            buffer_add_byte(out, ',');
        first = false;
        buffer_add(out, member->name);
        buffer_add_byte(out, ':');
        if (member->patch.kind == JSON_NONE)
            json_add_compact(out, member->value.text);
        else
            good = add_patched(call, out, &member->value, &member->patch);
    }
    buffer_add_byte(out, '}');
    free(members);
    return good;
}

static bool call_patch(struct call *call, struct datum *result)
{
    struct json_value value, patch;
    struct buffer *out = begin(call);
    return member_find(call, 0, NULL, 0, &value) && member_find(call, 1, NULL, 0, &patch) &&
           add_patched(call, out, &value, &patch) && give_json(call, result, out);
}

/* json_pretty(x [, indent]) */

/* Begins a line. Returns false, and has failed, if the result is too large. */
static bool add_line(struct call *call, struct buffer *out, struct bytes indent, unsigned level)
{
    buffer_add_byte(out, '\n');
    for (unsigned i = 0; i < level; i++) {
        buffer_add(out, indent);
        if (out->size > FRAME_LIMIT)
            return call_room(call, out->size) != NULL;
    }
    return true;
}

static bool add_pretty(struct call *call, struct buffer *out, const struct json_value *value, struct bytes indent,
                       unsigned level)
{
    if (value->kind != JSON_ARRAY && value->kind != JSON_OBJECT) {
        buffer_add(out, value->text);
        return true;
    }
    struct json_walk walk = json_walk(value->text);
    struct json_value name, element;
    bool empty = true;
    buffer_add_byte(out, *value->text.data);
    for (; json_next(&walk, &name, &element); empty = false) {
        if (!empty)
            buffer_add_byte(out, ',');
        if (!add_line(call, out, indent, level + 1))
            return false;
        if (walk.object) {
            buffer_add(out, name.text);
            buffer_add(out, bytes_of(": "));
        }
        if (!add_pretty(call, out, &element, indent, level + 1))
            return false;
    }
    if (!empty && !add_line(call, out, indent, level))
        return false;
    buffer_add_byte(out, walk.object ? '}' : ']');
    return true;
}

static bool call_pretty(struct call *call, struct datum *result)
{
    struct buffer *out = begin(call);
    struct json_value value;
    struct bytes indent = bytes_of("    ");
    return member_find(call, 0, NULL, 0, &value) && (call->count < 2 || call_text(call, 1, &indent)) &&
           add_pretty(call, out, &value, indent, 0) && give_json(call, result, out);
}

#define IN_QUERY(function)                                                                                             \
    {                                                                                                                  \
        .name = function, .instead = "belongs in a query: -q"                                                          \
    }
#define BINARY(rest)                                                                                                   \
    {                                                                                                                  \
        .name = "jsonb" rest, .instead = "makes a binary form of SQLite's own: write json" rest                        \
    }

const struct function functions_json[] = {
    {.name = "json", .least = 1, .most = 1, .result = RESULT_TEXT, .call = call_json, .forget = forget},
    {.name = "json_array",
     .most = SIZE_MAX,
     .result = RESULT_TEXT,
     .call = call_array,
     .forget = forget,
     .sees_null = true},
    {.name = "json_array_length",
     .least = 1,
     .most = 2,
     .result = RESULT_NUMBER,
     .call = call_array_length,
     .prepare = prepare_all_paths,
     .forget = forget},
    {.name = "json_error_position", .least = 1, .most = 1, .result = RESULT_NUMBER, .call = call_error_position},
    {.name = "json_extract",
     .least = 2,
     .most = SIZE_MAX,
     .result = RESULT_ANY,
     .call = call_extract,
     .prepare = prepare_all_paths,
     .forget = forget},
    {.name = "json_insert",
     .least = 1,
     .most = SIZE_MAX,
     .result = RESULT_TEXT,
     .call = call_insert,
     .prepare = prepare_edit,
     .forget = forget,
     .sees_null = true},
    {.name = "json_object",
     .most = SIZE_MAX,
     .result = RESULT_TEXT,
     .call = call_object,
     .prepare = prepare_object,
     .forget = forget,
     .sees_null = true},
    {.name = "json_patch", .least = 2, .most = 2, .result = RESULT_TEXT, .call = call_patch, .forget = forget},
    {.name = "json_pretty", .least = 1, .most = 2, .result = RESULT_TEXT, .call = call_pretty, .forget = forget},
    {.name = "json_quote",
     .least = 1,
     .most = 1,
     .result = RESULT_TEXT,
     .call = call_quote,
     .forget = forget,
     .sees_null = true},
    {.name = "json_remove",
     .least = 1,
     .most = SIZE_MAX,
     .result = RESULT_TEXT,
     .call = call_remove,
     .prepare = prepare_all_paths,
     .forget = forget},
    {.name = "json_replace",
     .least = 1,
     .most = SIZE_MAX,
     .result = RESULT_TEXT,
     .call = call_replace,
     .prepare = prepare_edit,
     .forget = forget,
     .sees_null = true},
    {.name = "json_set",
     .least = 1,
     .most = SIZE_MAX,
     .result = RESULT_TEXT,
     .call = call_set,
     .prepare = prepare_edit,
     .forget = forget,
     .sees_null = true},
    {.name = "json_type",
     .least = 1,
     .most = 2,
     .result = RESULT_TEXT,
     .call = call_type,
     .prepare = prepare_all_paths,
     .forget = forget},
    {.name = "json_valid", .least = 1, .most = 1, .result = RESULT_BOOLEAN, .call = call_valid},
    IN_QUERY("json_each"),
    IN_QUERY("json_tree"),
    IN_QUERY("json_group_array"),
    IN_QUERY("json_group_object"),
    BINARY(""),
    BINARY("_array"),
    BINARY("_extract"),
    BINARY("_group_array"),
    BINARY("_group_object"),
    BINARY("_insert"),
    BINARY("_object"),
    BINARY("_patch"),
    BINARY("_remove"),
    BINARY("_replace"),
    BINARY("_set"),
    {0},
};
