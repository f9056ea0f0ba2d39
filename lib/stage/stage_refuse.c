/* Bad records: the message that ends the program, or the line in the file of --reject. */
#include <inttypes.h>
#include <stdio.h>

#include "base/quote.h"
#include "files/reject.h"
#include "stage/stage_part.h"

void refuse_renumber(struct loop *loop, uint64_t before)
{
    if (!is_sink(loop) && loop->stage.source.size > 0)
        control_write_source(loop, buffer_bytes(&loop->stage.source), before);
}

static uint64_t number_of(const struct loop *loop, const struct record *record)
{
    return loop->before + (uint64_t)(record - loop->records) + 1;
}

void stage_add_reason(struct buffer *message, struct bytes about, const char *why, struct bytes key)
{
    const size_t first = strcspn(why, "\n"); /* the lines behind it show a place */
    quote_add(message, about);
    buffer_print(message, " %.*s", (int)first, why);
    if (key.data != NULL) {
        buffer_print(message, " (key ");
        quote_add(message, key);
        buffer_print(message, ")");
    }
    buffer_print(message, "%s", why + first);
}

_Noreturn static void fail_at(struct loop *loop, const struct record *record, enum status status, const char *why)
{
    const struct bytes source = buffer_bytes(&loop->stage.source);
    struct buffer text = {0};
    if (source.size > 0)
        buffer_print(&text, "%.*s: ", (int)source.size, source.data);
    buffer_print(&text, "record %" PRIu64 ": ", number_of(loop, record));
    stage_add_reason(&text, record->value, why, record->keyed ? record->key : (struct bytes){NULL, 0});
    loop_flush(loop);
    message_fail(status, "%s", buffer_string(&text));
}

void stage_refuse(struct stage *stage, const struct record *record, const char *format, ...)
{
    struct loop *loop = loop_of(stage);
    char why[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    if (loop->reject == NULL)
        fail_at(loop, record, STATUS_DATA, why);
    const uint64_t number = number_of(loop, record);
    why[strcspn(why, "\n")] = '\0';
    reject_write(stage_write_output(stage, &loop->reject->output, 1), loop->program->name, buffer_bytes(&stage->source),
                 number, record, why);
    loop->rejected++;
    refuse_renumber(loop, number);
}

void stage_fail(struct stage *stage, const struct record *record, enum status status, const char *format, ...)
{
    char why[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    fail_at(loop_of(stage), record, status, why);
}

void stage_omit(struct stage *stage, enum stage_omission why)
{
    loop_of(stage)->omitted[why]++;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void refuse_say_counts(const struct loop *loop)
{
    static const char *const reasons[] = {[STAGE_DROPPED] = "left out by drop()",
                                          [STAGE_NO_ROW] = "left out, as the query gave no row",
                                          [STAGE_NULL] = "NULL, which is not true"};
    if (loop->rejected > 0)
        message_say("%" PRIu64 " record%s rejected: see %s", loop->rejected, loop->rejected == 1 ? " was" : "s were",
                    loop->options.reject);
    for (size_t i = 0; i < STAGE_OMISSIONS; i++)
        if (loop->omitted[i] > 0)
            message_say("%" PRIu64 " record%s: %s", loop->omitted[i], plural(loop->omitted[i]), reasons[i]);
}
