#include "value/json_path.h"

#include <stdlib.h>

#include "value/number.h"

static void add_step(struct json_path *path, struct json_step step)
{
    if (path->count == path->room) {
        path->room = path->room > 0 ? 2 * path->room : 4;
        path->steps = bytes_reallocate(path->steps, path->room * sizeof *path->steps);
    }
    path->steps[path->count++] = step;
}

/* Each of these reads a step and moves *at behind it. Returns NULL, or what is wrong. */

static const char *read_quoted(struct json_path *path, char **at, char *end)
{
    const char *quote = *at + 1;
    while (quote < end && *quote != '"')
        quote += 1 + (*quote == '\\');
    if (quote >= end)
        return "a quote that ends the name is expected";
    const struct bytes string = {*at, (size_t)(quote + 1 - *at)};
    struct json_value value;
    struct json_fault fault;
    struct bytes name;
    if (!json_find(string, NULL, 0, &value, &fault))
        return fault.why;
    if (!json_unescape(string, *at, &name))
        return "a surrogate of the name is not one of a pair";
    add_step(path, (struct json_step){.name = name});
    *at += string.size;
    return NULL;
}

static const char *read_name(struct json_path *path, char **at, char *end)
{
    const char *const start = ++*at;
    if (*at < end && **at == '"')
        return read_quoted(path, at, end);
    while (*at < end && **at != '.' && **at != '[')
        ++*at;
    if (*at == start)
        return "a name is expected behind a point";
    add_step(path, (struct json_step){.name = {start, (size_t)(*at - start)}});
    return NULL;
}

static const char *read_index(struct json_path *path, char **at, char *end)
{
    static const char wrong[] = "an index of at most 18 digits is expected, as in [0], [#-1] or [#]";
    const char *const close = memchr(*at, ']', (size_t)(end - *at));
    if (close == NULL)
        return "a ] is expected";
    const char *digits = *at + 1;
    *at += close + 1 - *at;
    struct json_step step = {.from_end = *digits == '#'};
    digits += step.from_end;
    const bool behind = step.from_end && digits == close;
    if (step.from_end && *digits == '-')
        digits++;
    else if (step.from_end && !behind)
        return wrong;
    if (!behind && (!(*digits >= '0' && *digits <= '9') ||
                    !number_parse_integer((struct bytes){digits, (size_t)(close - digits)}, &step.index)))
        return wrong;
    add_step(path, step);
    return NULL;
}

/* Keeps the path, and returns the copy that names may lie in. */
static char *begin(struct json_path *path, struct bytes text)
{
    path->count = 0;
    path->valid = false;
    path->size = text.size;
    path->text.size = 0;
    buffer_reserve(&path->text, 2 * text.size + 1);
    buffer_add(&path->text, text);
    buffer_add(&path->text, text);
    return path->text.data + text.size;
}

const char *json_path_read(struct json_path *path, struct bytes text)
{
    if (path->valid && bytes_equal(text, (struct bytes){path->text.data, path->size}))
        return NULL;
    char *at = begin(path, text), *const end = at + text.size;
    if (at == end || *at != '$')
        return "a $ is expected at the start";
    at++;
    while (at < end) {
        const char *why = *at == '.'   ? read_name(path, &at, end)
                          : *at == '[' ? read_index(path, &at, end)
                                       : "a point or [ is expected behind a step";
        if (why != NULL)
            return why;
    }
    path->valid = true;
    return NULL;
}

void json_path_one(struct json_path *path, struct json_step step)
{
    const char *copy = begin(path, step.name);
    if (step.name.data != NULL)
        step.name.data = copy;
    add_step(path, step);
}

struct json_step json_path_index(int64_t index)
{
    return index < 0 ? (struct json_step){.index = -index, .from_end = true} : (struct json_step){.index = index};
}

void json_path_free(struct json_path *path)
{
    free(path->steps);
    buffer_free(&path->text);
    *path = (struct json_path){.count = 0};
}
