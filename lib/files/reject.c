#include "files/reject.h"

#include <inttypes.h>

#include "value/json.h"

/* Appends a member: a string, or if the value is not text, its hexadecimal digits under the name with _hex. */
static void add_member(struct buffer *line, const char *name, struct bytes value)
{
    const bool text = bytes_is_text(value);
    buffer_print(line, ",\"%s%s\":", name, text ? "" : "_hex");
    if (text) {
        json_add_string(line, value);
        return;
    }
    buffer_add_byte(line, '"');
    for (size_t i = 0; i < value.size; i++)
        buffer_print(line, "%02x", (unsigned char)value.data[i]);
    buffer_add_byte(line, '"');
}

void reject_write(struct line_writer *out, const char *step, struct bytes source, uint64_t number,
                  const struct record *record, const char *why)
{
    struct buffer line = {0};
    buffer_print(&line, "{\"step\":\"%s\"", step);
    add_member(&line, "source", source);
    buffer_print(&line, ",\"record\":%" PRIu64, number);
    if (record->keyed)
        add_member(&line, "key", record->key);
    add_member(&line, "value", record->value);
    add_member(&line, "why", bytes_of(why));
    buffer_print(&line, "}\n");
    line_add(out, buffer_bytes(&line));
    buffer_free(&line);
}
