/* Control frames: `!fl`, with which a stream begins, and those that follow it. */
#include <inttypes.h>

#include "base/decimal.h"
#include "base/quote.h"
#include "stage/stage_part.h"

bool control_is(const struct control *control, const char *name)
{
    return bytes_equal(control->name, bytes_of(name));
}

void control_refuse(struct loop *loop, struct bytes frame, const char *why)
{
    struct buffer shown = {0};
    if (frame.size > 0 && frame.data[frame.size - 1] == '\n')
        frame.size--;
    quote_add(&shown, frame);
    loop_flush(loop);
    message_fail(STATUS_DATA, "%s: %s", buffer_string(&shown), why);
}

void control_end_broken(struct loop *loop, enum status status, const char *why)
{
    epoch_finish_save(loop);
    loop_flush(loop);
    if (is_sink(loop) && loop->recovery != NULL)
        message_fail(status, "%s: nothing after epoch %" PRIu64 " is committed", why,
                     recovery_committed(loop->recovery));
    message_fail(status, "%s", why);
}

void control_end_failed(struct loop *loop, const struct control *control)
{
    struct buffer why = {0};
    uint64_t status = STATUS_IO;
    if (control->count > 0)
        (void)decimal_parse(control->fields[0], 1, UINT8_MAX, &status);
    buffer_print(&why, "the upstream stage failed (status %" PRIu64 ")", status);
    control_end_broken(loop, (enum status)status, buffer_string(&why));
}

/* A field that must be a number. */
static uint64_t number_field(struct loop *loop, const struct control *control, size_t index)
{
    uint64_t number;
    if (index >= control->count || !decimal_parse(control->fields[index], 0, UINT64_MAX, &number))
        control_refuse(loop, control->frame, "lacks a number");
    return number;
}

void control_check_count(struct loop *loop, const struct control *control, size_t index)
{
    const uint64_t said = number_field(loop, control, index);
    if (said == loop->received) {
        loop->received = 0;
        return;
    }
    loop_flush(loop);
    message_fail(STATUS_DATA,
                 "%" PRIu64 " records were sent and %" PRIu64 " have come: something between the stages drops or adds "
                 "lines",
                 said, loop->received);
}

void control_write_source(struct loop *loop, struct bytes name, uint64_t before)
{
    struct line_writer *out = &loop->stage.out;
    frame_write_control(out, "source");
    frame_write_field(out, name);
    if (before > 0)
        frame_write_number(out, before);
    frame_write_end(out);
}

void control_read_hello(struct loop *loop)
{
    struct control hello;
    size_t count;
    const enum frame_kind kind = loop_next_frame(loop, &count, &hello, true);
    if (kind == FRAME_MORE)
        message_fail(STATUS_IO, "the upstream stage died, or there is none (standard input is empty): begin the "
                                "flow with fl-input");
    if (kind == FRAME_RECORDS || !control_is(&hello, "fl") || hello.count == 0)
        control_refuse(loop, kind == FRAME_RECORDS ? loop->records[0].frame : hello.frame,
                       "is not the !fl with which every stream begins: begin the flow with fl-input");
    if (!bytes_equal(hello.fields[0], bytes_of("1")))
        message_fail(STATUS_DATA, "the upstream stage speaks fl/%.*s, and this one fl/1: use programs of one version",
                     (int)hello.fields[0].size, hello.fields[0].data);

    const struct common_options *options = &loop->options;
    const char *directory = options_directory(loop);
    loop->stage.recovers = recovery_is_announced(&hello, options->directory);
    if (loop->stage.recovers && (options->interval.given || options->backup.given))
        option_refuse("%s is for the first stage with recovery, which is upstream of this one",
                      options->interval.given ? "-s" : "-b");
    if (loop->stage.recovers && (loop->program->keeps_state || is_sink(loop) || loop->files_count > 0))
        loop->recovery = recovery_join(&hello);
    else if (!loop->stage.recovers && directory != NULL)
        steps_begin_root(loop, directory);
    steps_add(loop);
    if (is_sink(loop))
        return;
    struct line_writer *out = &loop->stage.out;
    frame_write_control(out, "fl");
    for (size_t i = 0; i < hello.count; i++)
        frame_write_field(out, hello.fields[i]);
    if (loop->recovery != NULL)
        recovery_write_hello(loop->recovery, out);
    frame_write_end(out);
}

static void take_epoch(struct loop *loop, const struct control *control)
{
    const uint64_t epoch = number_field(loop, control, 0);
    control_check_count(loop, control, 1);
    if (loop->recovery != NULL && epoch != loop->epoch + 1)
        message_fail(STATUS_DATA, "epoch %" PRIu64 " follows epoch %" PRIu64, epoch, loop->epoch);
    epoch_close(loop, epoch, control->count > 2 && bytes_equal(control->fields[2], bytes_of("final")));
}

/* For a sink. */
static void take_saved(struct loop *loop, const struct control *control)
{
    if (!loop->uncommitted || number_field(loop, control, 0) != loop->epoch)
        control_refuse(loop, control->frame, "is not of the epoch at hand");
    if (control->count < 2 || !recovery_note_saved(loop->recovery, control->fields[1], loop->epoch))
        control_refuse(loop, control->frame, "names no step upstream that has still to save this epoch");
    epoch_commit(loop);
}

static void take_source(struct loop *loop, const struct control *control)
{
    struct buffer *source = &loop->stage.source;
    source->size = 0;
    if (control->count > 0)
        buffer_add(source, control->fields[0]);
    loop->before = control->count > 1 ? number_field(loop, control, 1) : 0;
}

void control_take(struct loop *loop, const struct control *control)
{
    struct line_writer *out = &loop->stage.out;
    const bool saved = control_is(control, "saved");
    if (control_is(control, "epoch")) {
        take_epoch(loop, control); /* which writes its own */
        return;
    }
    if (control_is(control, "fl"))
        control_refuse(loop, control->frame, "begins a second stream in this one");
    if (control_is(control, "source"))
        take_source(loop, control);
    if (saved && is_sink(loop) && loop->recovery != NULL)
        take_saved(loop, control);
    if (is_sink(loop))
        return;
    line_add(out, control->frame);
    /* The sink waits for it. */
    if (saved)
        line_flush(out);
}
