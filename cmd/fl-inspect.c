/* fl-inspect: shows on standard error what passes, for a person to read.
 *
 *     fl-inspect [-a] [NAME]
 *
 * Everything goes through byte for byte. A record is shown before it is sent on. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/message.h"
#include "stage/stage.h"

struct inspect {
    bool all;
    struct bytes name;
    struct line_writer shown;
    struct buffer line;
};

static const struct option_entry options[] = {
    {'a', "all", OPTION_FLAG, NULL, offsetof(struct inspect, all), "show control frames too"},
    {0},
};

/* Appends the bytes; those that would end the line or change the terminal, as escapes. */
static void add_shown(struct buffer *line, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        const unsigned char byte = (unsigned char)bytes.data[i];
        if (byte == '\n')
            buffer_add(line, bytes_of("\\n"));
        else if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            buffer_print(line, "\\x%02x", byte);
        else
            buffer_add_byte(line, bytes.data[i]);
    }
}

static struct buffer *begin_line(struct inspect *inspect)
{
    inspect->line.size = 0;
    buffer_add(&inspect->line, inspect->name);
    buffer_add(&inspect->line, bytes_of(": "));
    return &inspect->line;
}

/* Lines are written together as long as one call of write keeps them together among those of others. */
static void end_line(struct inspect *inspect)
{
    buffer_add_byte(&inspect->line, '\n');
    if (inspect->shown.size + inspect->line.size > PIPE_BUF)
        line_flush(&inspect->shown);
    line_add(&inspect->shown, buffer_bytes(&inspect->line));
}

static void on_records(void *context, struct stage *stage, const struct record *records, size_t count)
{
    struct inspect *inspect = context;
    for (size_t i = 0; i < count; i++) {
        struct buffer *line = begin_line(inspect);
        if (records[i].keyed) {
            add_shown(line, records[i].key);
            buffer_add_byte(line, '\t');
        }
        add_shown(line, records[i].value);
        end_line(inspect);
    }
    line_flush(&inspect->shown);
    stage_pass(stage, records, count);
}

static void on_control(void *context, struct stage *stage, struct bytes frame)
{
    struct inspect *inspect = context;
    (void)stage;
    if (!inspect->all)
        return;
    add_shown(begin_line(inspect), (struct bytes){frame.data, frame.size - 1});
    end_line(inspect);
    line_flush(&inspect->shown);
}

static void on_open(void *context, struct stage *stage, char **operands)
{
    struct inspect *inspect = context;
    (void)stage;
    inspect->name = bytes_of(operands[0] != NULL ? operands[0] : message_program);
    line_writer_open(&inspect->shown, STDERR_FILENO, "standard error");
}

static void on_close(void *context)
{
    struct inspect *inspect = context;
    free(inspect->shown.data);
    buffer_free(&inspect->line);
}

static const struct stage_program program = {
    .name = "inspect",
    .forms = {{.text = "[-a] [NAME]"}},
    .about = "  NAME is what each line begins with (fl-inspect)\n",
    .options = {{options, 0}},
    .most = 1,
    .open = on_open,
    .calls = {.records = on_records, .control = on_control},
    .close = on_close,
};

int main(int argc, char **argv)
{
    struct inspect inspect = {0};
    (void)argc;
    return stage_main(&program, &inspect, argv);
}
