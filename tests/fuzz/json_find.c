/* Goal of this target: whatever bytes are taken for JSON, json_find finds what walking over it finds, its text is JSON
 * again, and a string is unescaped as json_find compares it. */
#include "value/json_find.h"

#include "fuzz.h"

/* Looks up the last member of that name in a value, or the last element, by walking. */
static struct json_value last_of(struct bytes text, const struct json_step *step)
{
    struct json_value found = {.kind = JSON_NONE}, name, value;
    struct json_walk walk = json_walk(text);
    char *room = bytes_allocate(text.size);
    struct bytes plain;
    while (json_next(&walk, &name, &value))
        if (walk.object
                ? step->name.data != NULL && json_unescape(name.text, room, &plain) && bytes_equal(plain, step->name)
                : step->name.data == NULL)
            found = value;
    free(room);
    return found;
}

static void check_same(const struct json_value *a, const struct json_value *b)
{
    FUZZ_CHECK(a->kind == b->kind);
    FUZZ_CHECK(a->kind == JSON_NONE || (a->text.data == b->text.data && a->text.size == b->text.size));
    FUZZ_CHECK(a->kind != JSON_STRING || a->escaped == b->escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct json_step steps[] = {{.name = {"a", 1}}, {.name = {"b", 1}}, {.index = 1, .from_end = true}};
    struct bytes copy = fuzz_copy(data, size);
    struct json_value all, found, again;
    struct json_fault fault, other;
    const bool is_json = json_find(copy, NULL, 0, &all, &fault);
    for (size_t i = 0; i < 3; i++) {
        const struct json_step way[] = {steps[i], steps[(i + 1) % 3]};
        FUZZ_CHECK(json_find(copy, way, 1, &found, &other) == is_json);
        if (!is_json) {
            FUZZ_CHECK(fault.place == other.place && fault.place <= size && fault.at_end == (fault.place == size));
            continue;
        }
        if (all.kind < JSON_ARRAY) {
            FUZZ_CHECK(found.kind == JSON_NONE);
            continue;
        }
        struct json_value walked = last_of(all.text, &way[0]);
        check_same(&found, &walked);
        FUZZ_CHECK(json_find(copy, way, 2, &again, &fault));
        if (walked.kind < JSON_ARRAY) {
            FUZZ_CHECK(again.kind == JSON_NONE);
            continue;
        }
        walked = last_of(walked.text, &way[1]);
        check_same(&again, &walked);
        if (walked.kind != JSON_NONE) {
            FUZZ_CHECK(json_find(walked.text, NULL, 0, &found, &fault));
            check_same(&found, &walked);
        }
    }
    if (is_json) {
        struct buffer compact = {0};
        json_add_compact(&compact, copy);
        FUZZ_CHECK(compact.size <= all.text.size && json_find(buffer_bytes(&compact), NULL, 0, &found, &fault));
        FUZZ_CHECK(found.kind == all.kind && found.text.size == compact.size);
        buffer_free(&compact);
    }
    free((char *)copy.data);
    return 0;
}
