/* Epochs: when they fall due, closing them, saving what they have changed, and, in the sink, committing them. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "base/clock.h"
#include "base/crash.h"
#include "stage/stage_part.h"

#define COMMIT_WAIT CLOCK_SECOND

void epoch_finish_save(struct loop *loop)
{
    struct recovery *recovery = loop->recovery;
    struct line_writer *out = &loop->stage.out;
    if (recovery == NULL || !recovery_saving(recovery))
        return;
    /* If this has to wait for the save, the records that were sent need not wait along. */
    if (!recovery_saved(recovery))
        loop_flush(loop);
    const uint64_t epoch = recovery_finish_save(recovery);
    if (is_sink(loop))
        return;
    CRASH_POINT("saved: before");
    for (size_t i = recovery_steps_before(recovery); i < recovery_steps(recovery); i++) {
        frame_write_control(out, "saved");
        frame_write_number(out, epoch);
        frame_write_field(out, recovery_step_id(recovery, i));
        frame_write_end(out);
    }
    line_flush(out);
    CRASH_POINT("saved: after");
}

void epoch_commit(struct loop *loop)
{
    struct line_writer *out = &loop->stage.out;
    if (!loop->uncommitted || recovery_unsaved(loop->recovery, loop->epoch) > 0)
        return;
    loop->uncommitted = false;
    if (out->held)
        line_release(out, loop->held);
    recovery_save(loop->recovery, true);
    /* The lines that were held and are printed now must not come again because a stage upstream dies next. */
    if (out->held)
        epoch_finish_save(loop);
}

static void complete(struct loop *loop)
{
    if (loop->calls->complete != NULL)
        loop->calls->complete(loop->context, &loop->stage);
}

static void finish(struct loop *loop)
{
    if (loop->finished)
        return;
    complete(loop);
    if (loop->calls->finish != NULL)
        loop->calls->finish(loop->context, &loop->stage);
    loop->finished = true;
}

static void write_epoch(struct loop *loop, bool final)
{
    struct line_writer *out = &loop->stage.out;
    CRASH_POINT("epoch: before");
    frame_write_control(out, "epoch");
    frame_write_number(out, loop->epoch);
    frame_write_number(out, loop->stage.sent);
    if (final)
        frame_write_field(out, bytes_of("final"));
    frame_write_end(out);
    line_flush(out);
    loop->stage.sent = 0;
}

void epoch_close(struct loop *loop, uint64_t number, bool final)
{
    epoch_finish_save(loop);
    if (loop->uncommitted)
        message_fail(STATUS_DATA, "epoch %" PRIu64 " ends before all steps have saved epoch %" PRIu64, number,
                     loop->epoch);
    loop->stage.final = final;
    if (final)
        finish(loop);
    else
        complete(loop);
    loop->epoch = number;
    loop->touched = false;
    if (is_sink(loop))
        line_flush(&loop->stage.out);
    loop->held = loop->stage.out.size;
    for (size_t i = 0; i < loop->savers_count; i++)
        loop->savers[i].freeze(loop->savers[i].what);
    if (loop->recovery != NULL)
        recovery_freeze(loop->recovery, number, final);
    if (!is_sink(loop))
        write_epoch(loop, final);
    CRASH_POINT("epoch: after");
    if (loop->recovery == NULL)
        return;
    if (is_sink(loop)) {
        loop->uncommitted = true;
        epoch_commit(loop);
    } else {
        recovery_save(loop->recovery, false);
    }
}

/* --- time --------------------------------------------------------------------------------------------------------- */

/* Returns whether the input is likely to end within another half interval: the epoch at hand then becomes the final
 * one, and one save is made instead of two in a row. */
static bool ends_soon(const struct loop *loop, int64_t time)
{
    return loop->calls->rest != NULL &&
           loop->calls->rest(loop->context) <= loop->begun + loop->interval + loop->interval / 2 - time;
}

/* The time of the epoch has come. If the epoch before is not committed yet, this one goes on: so no stage waits for a
 * save, and no more is kept than it takes to go back by one epoch. */
static void close_due(struct loop *loop, int64_t time)
{
    if (recovery_is_committed(loop->recovery) && !ends_soon(loop, time))
        epoch_close(loop, loop->epoch + 1, false);
    else
        loop->due = time + CLOCK_MILLISECOND;
}

void epoch_note_records(struct loop *loop)
{
    loop->unended = true;
    if (loop->stage.eager) {
        epoch_close(loop, loop->epoch + 1, false);
        return;
    }
    const int64_t time = clock_now();
    if (!loop->touched) {
        loop->begun = time;
        loop->due = loop->interval > INT64_MAX - time ? INT64_MAX : time + loop->interval;
    }
    loop->touched = true;
    if (time >= loop->due)
        close_due(loop, time);
}

int64_t epoch_look_at_clock(struct loop *loop)
{
    if (!loop->touched)
        return loop->wake;
    const int64_t time = clock_now();
    if (time >= loop->due)
        close_due(loop, time);
    return loop->touched && loop->due < loop->wake ? loop->due : loop->wake;
}

bool epoch_wake_program(struct loop *loop)
{
    if (loop->wake == INT64_MAX || clock_now() < loop->wake)
        return false;
    loop->wake = INT64_MAX;
    loop->calls->wake(loop->context, &loop->stage);
    if (loop->stage.root)
        epoch_note_records(loop);
    return true;
}

/* Waits until the epoch before the final one is committed, as close_due does for the others; but not for ever, since
 * without a sink no epoch is ever committed. */
static void await_commit(struct loop *loop)
{
    struct recovery *recovery = loop->recovery;
    const int64_t end = clock_now() + COMMIT_WAIT;
    loop_flush(loop);
    while (!loop->stage.eager && !recovery_is_committed(recovery) && clock_now() < end) {
        struct pollfd saved = {.fd = recovery_wake_fd(recovery), .events = POLLIN};
        poll(&saved, recovery_saving(recovery) ? 1 : 0, 1);
        if (recovery_saving(recovery) && recovery_saved(recovery))
            epoch_finish_save(loop);
    }
}

void epoch_end(struct loop *loop)
{
    if (loop->replay != NULL)
        replay_end(loop->replay);
    if (loop->stage.root && loop->unended) {
        await_commit(loop);
        epoch_close(loop, loop->epoch + 1, true);
    }
    finish(loop);
    epoch_finish_save(loop);
    if (loop->uncommitted)
        message_fail(STATUS_DATA, "the stream ends before all steps have saved epoch %" PRIu64, loop->epoch);
}
