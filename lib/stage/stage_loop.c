/* The loop: frames, one after the other, and waiting for the next. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "stage/stage_part.h"

void loop_flush(struct loop *loop)
{
    line_flush(&loop->stage.out);
    for (size_t i = 0; i < loop->files_count; i++)
        line_flush(&loop->files[i]->output.out);
}

void loop_add_saver(struct loop *loop, struct saver saver)
{
    loop->savers = array_grow(loop->savers, loop->savers_count, &loop->savers_room, sizeof *loop->savers);
    loop->savers[loop->savers_count++] = saver;
}

void stage_wake(struct stage *stage, int64_t time)
{
    loop_of(stage)->wake = time;
}

bool stage_wait(struct stage *stage, int fd)
{
    struct loop *loop = loop_of(stage);
    const bool source = is_source(loop);
    for (bool flushed = false;;) {
        if (source && signals_came())
            return false;
        if (epoch_wake_program(loop))
            flushed = false;
        const int64_t until = epoch_look_at_clock(loop);
        struct pollfd fds[4] = {{.fd = fd, .events = POLLIN},
                                {.fd = -1, .events = POLLIN},
                                {.fd = source ? signals_fd() : -1, .events = POLLIN},
                                {.fd = flushed && !is_sink(loop) ? STDOUT_FILENO : -1}};
        if (loop->recovery != NULL && recovery_saving(loop->recovery))
            fds[1].fd = recovery_wake_fd(loop->recovery);
        /* Once without waiting: if there is something to read, what is buffered can wait for more. */
        const int ready = poll(fds, 4, flushed ? clock_timeout(until) : 0);
        if (ready == -1 && errno != EINTR)
            message_fail(STATUS_SYSTEM, "poll: %s", strerror(errno));
        if (ready > 0 && fds[1].revents != 0)
            epoch_finish_save(loop);
        /* The stage downstream is gone. A write would find out, but there may be nothing to write for long. */
        if (ready > 0 && (fds[3].revents & POLLERR) != 0) {
            raise(SIGPIPE);
            message_fail(STATUS_IO, "%s: cannot be written: %s", stage->out.name, strerror(EPIPE));
        }
        if (ready > 0 && fds[0].revents != 0)
            return true;
        if (!flushed)
            loop_flush(loop);
        flushed = true;
    }
}

/* Reads more of standard input. Returns false at its end. */
static bool fill(struct loop *loop)
{
    stage_wait(&loop->stage, STDIN_FILENO);
    const ssize_t n = line_fill(&loop->in.lines);
    if (n == -1 && errno == EMSGSIZE)
        message_fail(STATUS_DATA, "a frame is longer than the limit of %zu bytes", FRAME_LIMIT);
    if (n == -1 && errno != EINTR)
        message_fail(STATUS_IO, "standard input: cannot be read: %s", strerror(errno));
    return n != 0;
}

enum frame_kind loop_next_frame(struct loop *loop, size_t *count, struct control *control, bool may_end)
{
    const struct line_reader *lines = &loop->in.lines;
    const size_t most = loop->stage.root && loop->stage.eager ? 1 : sizeof loop->records / sizeof *loop->records;
    for (;;) {
        *count = most;
        const enum frame_kind kind = frame_next(&loop->in, loop->records, count, control);
        if (kind == FRAME_BAD)
            control_refuse(loop, loop->in.bad,
                           "is not a frame: begin the flow with fl-input, and let nothing but fl- programs change what "
                           "passes between them");
        if (kind == FRAME_CONTROL && loop->calls->control != NULL)
            loop->calls->control(loop->context, &loop->stage, control->frame);
        if (kind == FRAME_CONTROL && control_is(control, "failed"))
            control_end_failed(loop, control);
        if (kind != FRAME_MORE)
            return kind;
        if (fill(loop))
            continue;
        if (may_end && lines->start == lines->end)
            return FRAME_MORE;
        control_end_broken(loop, STATUS_IO,
                           lines->start < lines->end ? "the upstream stage died in the middle of a frame"
                                                     : "the upstream stage died (there is no !end)");
    }
}

static void take_records(struct loop *loop, size_t count)
{
    if (loop->finished)
        control_refuse(loop, loop->records[0].frame, "follows the final epoch, with which the input ends");
    const size_t dropped = loop->replay != NULL ? replay_take(loop->replay, loop->records, count) : 0;
    if (dropped > 0 && !replay_goes_on(loop->replay))
        refuse_renumber(loop, loop->before + dropped);
    if (dropped < count) {
        epoch_wake_program(loop);
        loop->calls->records(loop->context, &loop->stage, loop->records + dropped, count - dropped);
        if (loop->stage.root)
            epoch_note_records(loop);
    }
    loop->received += count;
    loop->before += count;
}

void loop_read(struct loop *loop)
{
    struct control control;
    size_t count;
    for (;;) {
        if (loop_next_frame(loop, &count, &control, false) == FRAME_RECORDS)
            take_records(loop, count);
        else if (control_is(&control, "end"))
            break;
        else
            control_take(loop, &control);
    }
    control_check_count(loop, &control, 0);
    if (loop_next_frame(loop, &count, &control, true) != FRAME_MORE) {
        loop_flush(loop);
        message_fail(STATUS_DATA, "frames follow !end, which is the end of a stream");
    }
}
