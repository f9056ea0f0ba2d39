#include "files/reject.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "value/json.h"
#include "base/message.h"

void reject_open(struct reject *reject, const char *name, struct state *state)
{
    *reject = (struct reject){.state = state};
    output_open(&reject->file, name, state);
    line_writer_open(&reject->out, reject->file.fd, name);
}

/* A member of the object: text as a string, or as hexadecimal digits under another name. */
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

void reject_write(struct reject *reject, const char *step, struct bytes source, uint64_t number,
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
    line_add(&reject->out, buffer_bytes(&line));
    buffer_free(&line);
    reject->file.position.records++;
    reject->count++;
}

void reject_freeze(struct reject *reject)
{
    line_flush(&reject->out);
    output_freeze(&reject->file, reject->state);
}

void reject_close(struct reject *reject)
{
    line_flush(&reject->out);
    if (close(reject->file.fd) == -1)
        message_fail(STATUS_IO, "%s: cannot be closed: %s", reject->file.name, strerror(errno));
    if (reject->count > 0)
        message_say("%" PRIu64 " record%s rejected: see %s", reject->count, reject->count == 1 ? " was" : "s were",
                    reject->file.name);
    output_close(&reject->file);
    free(reject->out.data);
}
