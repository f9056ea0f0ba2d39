#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/decimal.h"
#include "base/descriptor.h"
#include "base/message.h"
#include "base/quote.h"
#include "recovery/recovery.h"
#include "files/reject.h"
#include "recovery/replay.h"
#include "base/span.h"

#define COMMIT_WAIT CLOCK_SECOND

/* --- signals ------------------------------------------------------------------------------------------------------ */

static volatile sig_atomic_t signals;
static int signal_pipe[2] = {-1, -1};

/* The first is a wish to end, which the source follows; the second is an order. */
static void on_signal(int number)
{
    int saved = errno;
    if (signals > 0) {
        message_say("ended by a second signal: nothing after the last commit is recorded");
        signal(number, SIG_DFL);
        raise(number);
    }
    signals = 1;
    (void)!write(signal_pipe[1], "", 1);
    errno = saved;
}

static void catch_signals(void)
{
    const int caught[] = {SIGINT, SIGTERM, SIGHUP};
    if (pipe(signal_pipe) == -1)
        message_fail(STATUS_SYSTEM, "a pipe cannot be made: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
    }
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        struct sigaction before;
        sigemptyset(&action.sa_mask);
        /* What nohup or a shell's `&` has made deaf stays so. */
        if (sigaction(caught[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(caught[i], &action, NULL);
    }
}

/* --- failing ------------------------------------------------------------------------------------------------------ */

static pthread_t main_thread;

/* Only between frames: another thread cannot know where the main one is. */
static void tell_failure(enum status status)
{
    char frame[32];
    struct stat output;
    if (!pthread_equal(pthread_self(), main_thread) || fstat(STDOUT_FILENO, &output) == -1 ||
        (!S_ISFIFO(output.st_mode) && !S_ISSOCK(output.st_mode)))
        return;
    int size = snprintf(frame, sizeof frame, "!failed\t%d\n", (int)status);
    (void)!write(STDOUT_FILENO, frame, (size_t)size);
}

void stage_start(const char *argv0)
{
    message_start(argv0);
    main_thread = pthread_self();
    message_on_fail = tell_failure;
}

/* --- saving ------------------------------------------------------------------------------------------------------- */

/* Waits for the save that is going on, if any, and tells the stages after this one. */
static void finish_save(struct stage *stage)
{
    if (stage->recovery == NULL || !recovery_saving(stage->recovery))
        return;
    /* What was sent need not wait along. */
    if (!recovery_saved(stage->recovery))
        line_flush(&stage->out);
    uint64_t epoch = recovery_finish_save(stage->recovery);
    if (stage->program->sink)
        return;
    CRASH_POINT("saved: before");
    for (size_t i = recovery_steps_before(stage->recovery); i < recovery_steps(stage->recovery); i++) {
        frame_write_control(&stage->out, "saved");
        frame_write_number(&stage->out, epoch);
        frame_write_field(&stage->out, recovery_step_id(stage->recovery, i));
        frame_write_end(&stage->out);
    }
    line_flush(&stage->out);
    CRASH_POINT("saved: after");
}

/* A sink commits when it has met the epoch and the `!saved` of each step before it. */
static void commit(struct stage *stage)
{
    if (!stage->waits || stage->awaited > 0)
        return;
    stage->waits = false;
    if (stage->out.held)
        line_release(&stage->out, stage->held);
    recovery_save(stage->recovery, true);
    /* What was held and is printed now must not be printed again because a stage before dies next. */
    if (stage->out.held)
        finish_save(stage);
}

static void complete(struct stage *stage)
{
    if (stage->program->complete != NULL)
        stage->program->complete(stage->context, stage);
}

static void finish(struct stage *stage)
{
    if (stage->finished)
        return;
    complete(stage);
    if (stage->program->finish != NULL)
        stage->program->finish(stage->context, stage);
    stage->finished = true;
}

/* The epoch ends here: in this stage, and then in those after it. */
static void close_epoch(struct stage *stage, uint64_t epoch, bool final)
{
    finish_save(stage);
    if (stage->waits)
        message_fail(STATUS_DATA, "epoch %" PRIu64 " ends before all steps have saved epoch %" PRIu64, epoch,
                     stage->epoch);
    stage->final = final;
    if (final)
        finish(stage);
    else
        complete(stage);
    stage->epoch = epoch;
    stage->touched = false;
    if (stage->program->sink)
        line_flush(&stage->out);
    stage->held = stage->out.size;
    if (stage->program->freeze != NULL && stage->recovery != NULL)
        stage->program->freeze(stage->context, stage);
    if (stage->replay != NULL)
        replay_freeze(stage->replay);
    if (stage->reject != NULL)
        reject_freeze(stage->reject);
    if (stage->recovery != NULL)
        recovery_freeze(stage->recovery, epoch, final);
    if (!stage->program->sink) {
        CRASH_POINT("epoch: before");
        frame_write_control(&stage->out, "epoch");
        frame_write_number(&stage->out, epoch);
        frame_write_number(&stage->out, stage->sent);
        if (final)
            frame_write_field(&stage->out, bytes_of("final"));
        frame_write_end(&stage->out);
        line_flush(&stage->out);
    }
    CRASH_POINT("epoch: after");
    stage->sent = 0;
    if (stage->recovery == NULL)
        return;
    if (stage->program->sink) {
        stage->awaited = recovery_steps_before(stage->recovery);
        stage->waits = true;
        commit(stage);
    } else {
        recovery_save(stage->recovery, false);
    }
}

/* Whether the input will have ended before the epoch is half as long again as it is to be: it becomes the final one
 * then, in the place of two that are saved in a row. */
static bool ends_soon(const struct stage *stage, int64_t time)
{
    const struct stage_program *program = stage->program;
    return program->rest != NULL &&
           program->rest(stage->context) <= stage->begun + stage->interval + stage->interval / 2 - time;
}

/* The time of the epoch has come. Where the one before is not committed yet it goes on: so no stage waits for a save,
 * and no more is kept than it takes to go back by one epoch. */
static void close_due(struct stage *stage, int64_t time)
{
    if (recovery_is_committed(stage->recovery) && !ends_soon(stage, time))
        close_epoch(stage, stage->epoch + 1, false);
    else
        stage->due = time + CLOCK_MILLISECOND;
}

/* The same for the final epoch. Without a sink nothing is ever committed. */
static void await_commit(struct stage *stage)
{
    const int64_t end = clock_now() + COMMIT_WAIT;
    line_flush(&stage->out);
    while (!stage->eager && !recovery_is_committed(stage->recovery) && clock_now() < end) {
        struct pollfd saved = {.fd = recovery_wake_fd(stage->recovery), .events = POLLIN};
        poll(&saved, recovery_saving(stage->recovery) ? 1 : 0, 1);
        if (recovery_saving(stage->recovery) && recovery_saved(stage->recovery))
            finish_save(stage);
    }
}

/* Notes that records have come, and closes the epoch where it is time. Of a root. */
static void note_records(struct stage *stage)
{
    stage->unended = true;
    if (stage->eager) {
        close_epoch(stage, stage->epoch + 1, false);
        return;
    }
    int64_t time = clock_now();
    if (!stage->touched) {
        stage->begun = time;
        stage->due = stage->interval > INT64_MAX - time ? INT64_MAX : time + stage->interval;
    }
    stage->touched = true;
    if (time >= stage->due)
        close_due(stage, time);
}

/* Wakes the program where it is time. */
static bool wake_program(struct stage *stage)
{
    if (stage->wake == INT64_MAX || clock_now() < stage->wake)
        return false;
    stage->wake = INT64_MAX;
    stage->program->wake(stage->context, stage);
    if (stage->root)
        note_records(stage);
    return true;
}

bool stage_wait(struct stage *stage, int fd)
{
    const bool source = stage->in.lines.data == NULL;
    bool flushed = false;
    for (;;) {
        if (source && signals > 0)
            return false;
        if (wake_program(stage))
            flushed = false;
        int64_t until = stage->wake;
        if (stage->touched) {
            int64_t time = clock_now();
            if (time >= stage->due)
                close_due(stage, time);
            if (stage->touched && stage->due < until)
                until = stage->due;
        }
        int timeout = flushed ? clock_timeout(until) : 0;
        struct pollfd fds[4] = {{.fd = fd, .events = POLLIN},
                                {.fd = -1, .events = POLLIN},
                                {.fd = source ? signal_pipe[0] : -1, .events = POLLIN},
                                {.fd = flushed && !stage->program->sink ? STDOUT_FILENO : -1}};
        if (stage->recovery != NULL && recovery_saving(stage->recovery))
            fds[1].fd = recovery_wake_fd(stage->recovery);
        int ready = poll(fds, 4, timeout);
        if (ready == -1 && errno != EINTR)
            message_fail(STATUS_SYSTEM, "poll: %s", strerror(errno));
        if (ready > 0 && fds[1].revents != 0)
            finish_save(stage);
        /* The stage after this one is gone: a write would say so, but there may be none for long. */
        if (ready > 0 && (fds[3].revents & POLLERR) != 0) {
            raise(SIGPIPE);
            message_fail(STATUS_IO, "%s: cannot be written: %s", stage->out.name, strerror(EPIPE));
        }
        if (ready > 0 && fds[0].revents != 0)
            return true;
        if (!flushed)
            line_flush(&stage->out);
        flushed = true;
    }
}

/* --- beginning ---------------------------------------------------------------------------------------------------- */

static int64_t span_option(const char *given, const char *variable, const char *name, int64_t otherwise)
{
    int64_t span = otherwise;
    const char *text = given != NULL ? given : getenv(variable);
    if (text != NULL && (*text != '\0' || given != NULL) && !span_parse(text, &span))
        option_refuse("%s: \"%s\" is not a span of time such as 10, 0.5, 500ms, 30s, 5m, 1h or 2d",
                      given != NULL ? name : variable, text);
    return span;
}

static const char *chosen_directory(const struct stage_options *options)
{
    const char *directory = options->directory != NULL ? options->directory : getenv("FL_RECOVERY_DIRECTORY");
    if (options->directory != NULL && *options->directory == '\0')
        option_refuse("-r: the name of the recovery directory is empty");
    return directory != NULL && *directory != '\0' ? directory : NULL;
}

static void check_step_name(const char *step)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (step != NULL && (*step == '\0' || step[strspn(step, allowed)] != '\0'))
        option_refuse("-i: \"%s\" is no step's name: take letters, digits, and . _ -", step);
}

static void begin(struct stage *stage, const struct stage_program *program, void *context)
{
    *stage = (struct stage){.program = program, .context = context, .wake = INT64_MAX};
    line_writer_open(&stage->out, STDOUT_FILENO, "standard output");
    if (!program->sink)
        descriptor_widen_pipe(STDOUT_FILENO);
    catch_signals();
}

/* Makes this stage the root. */
static void begin_root(struct stage *stage, const struct stage_options *options, const char *directory)
{
    stage->interval = span_option(options->interval, "FL_SNAPSHOT_INTERVAL", "-s", 10 * CLOCK_SECOND);
    stage->recovery = recovery_begin(directory, span_option(options->backup, "FL_BACKUP_INTERVAL", "-b", 0));
    stage->root = stage->recovers = true;
    stage->eager = stage->interval == 0;
    stage->unended = recovery_unfinished(stage->recovery);
}

/* Opens the file of the rejected records; with recovery its length is the state of a step. */
static void begin_reject(struct stage *stage, const char *name)
{
    struct state *state = NULL;
    if (name == NULL)
        return;
    if (stage->recovery != NULL)
        state = recovery_add_step(stage->recovery, "reject", NULL, "reject", RECOVERY_REFUSE);
    stage->reject = bytes_allocate(sizeof *stage->reject);
    stage->reject_step = stage->recovery != NULL ? recovery_steps(stage->recovery) - 1 : 0;
    reject_open(stage->reject, name, state);
    if (stage->reject->file.path != NULL)
        recovery_sync(stage->recovery, stage->reject->file.fd, name);
}

/* Adds the program's own step, and goes on from the resume epoch. */
static void add_own_step(struct stage *stage, const struct stage_options *options)
{
    const struct stage_program *program = stage->program;
    if (stage->recovery == NULL) {
        if (program->signature != NULL)
            stage->state = state_open(NULL);
        begin_reject(stage, options->reject);
        return;
    }
    if (program->signature != NULL) {
        stage->step = recovery_steps(stage->recovery);
        stage->state = recovery_add_step(stage->recovery, program->name, options->step, program->signature,
                                         options->accept     ? RECOVERY_ACCEPT
                                         : program->accepts ? RECOVERY_HINT
                                                            : RECOVERY_REFUSE);
    }
    begin_reject(stage, options->reject);
    stage->epoch = recovery_resume_epoch(stage->recovery);
    if (program->sink)
        recovery_check_steps(stage->recovery);
}

static void check_options(const struct stage_options *options)
{
    check_step_name(options->step);
    if (chosen_directory(options) == NULL && (options->interval != NULL || options->backup != NULL))
        option_refuse("%s goes with -r", options->interval != NULL ? "-s" : "-b");
    span_option(options->interval, "FL_SNAPSHOT_INTERVAL", "-s", 0);
    span_option(options->backup, "FL_BACKUP_INTERVAL", "-b", 0);
}

void stage_begin_source(struct stage *stage, const struct stage_program *program, void *context,
                        const struct stage_options *options)
{
    check_options(options);
    const char *directory = chosen_directory(options);
    begin(stage, program, context);
    if (directory != NULL)
        begin_root(stage, options, directory);
    add_own_step(stage, options);
    if (program->begin != NULL)
        program->begin(context, stage);
    frame_write_control(&stage->out, "fl");
    frame_write_field(&stage->out, bytes_of("1"));
    if (stage->recovery != NULL)
        recovery_write_hello(stage->recovery, &stage->out);
    frame_write_end(&stage->out);
}

/* --- frames ------------------------------------------------------------------------------------------------------- */

static bool is(struct bytes name, const char *word)
{
    return bytes_equal(name, bytes_of(word));
}

_Noreturn static void refuse_frame(struct stage *stage, struct bytes line, const char *why)
{
    struct buffer shown = {0};
    quote_add(&shown, line);
    buffer_add_byte(&shown, '\0');
    line_flush(&stage->out);
    message_fail(STATUS_DATA, "%s: %s", shown.data, why);
}

/* The stage before is gone, or what it said is not all there. */
_Noreturn static void end_broken(struct stage *stage, enum status status, const char *why)
{
    /* What was whole when it came is saved, and by the sink committed; nothing more is. */
    finish_save(stage);
    line_flush(&stage->out);
    if (stage->program->sink && stage->recovery != NULL)
        message_fail(status, "%s: nothing after epoch %" PRIu64 " is committed", why,
                     recovery_committed(stage->recovery));
    message_fail(status, "%s", why);
}

/* The stage before has said that it failed, and with what status. */
_Noreturn static void end_failed(struct stage *stage, const struct control *control)
{
    char why[64];
    uint64_t status = 0;
    if (control->count == 0 || !decimal_parse(control->fields[0], 1, 255, &status))
        status = STATUS_IO;
    snprintf(why, sizeof why, "the stage before failed (status %" PRIu64 ")", status);
    end_broken(stage, (enum status)status, why);
}

/* The next frame of standard input. At its end, which is none of the stage's if `!end` was not there. */
static enum frame_kind next_frame(struct stage *stage, size_t *count, struct control *control, bool may_end)
{
    size_t most = stage->root && stage->eager ? 1 : sizeof stage->records / sizeof *stage->records;
    for (;;) {
        *count = most;
        enum frame_kind kind = frame_next(&stage->in, stage->records, count, control);
        if (kind == FRAME_BAD)
            refuse_frame(stage, stage->in.bad,
                         "is no frame: begin the flow with fl-input, and let nothing but fl- programs change what "
                         "passes between them");
        if (kind == FRAME_CONTROL && stage->program->control != NULL)
            stage->program->control(stage->context, stage, control->frame);
        if (kind == FRAME_CONTROL && is(control->name, "failed"))
            end_failed(stage, control);
        if (kind != FRAME_MORE)
            return kind;
        stage_wait(stage, STDIN_FILENO);
        ssize_t n = line_fill(&stage->in.lines);
        if (n == -1 && errno == EMSGSIZE)
            message_fail(STATUS_DATA, "a frame is longer than the limit of %zu bytes", FRAME_LIMIT);
        if (n == -1 && errno != EINTR)
            message_fail(STATUS_IO, "standard input: cannot be read: %s", strerror(errno));
        if (n != 0)
            continue;
        if (may_end && stage->in.lines.start == stage->in.lines.end)
            return FRAME_MORE;
        end_broken(stage, STATUS_IO,
                   stage->in.lines.start < stage->in.lines.end ? "the stage before died in the middle of a frame"
                                                               : "the stage before died (there is no !end)");
    }
}

/* A field that must be a number. */
static uint64_t number_field(struct stage *stage, const struct control *control, size_t index)
{
    uint64_t number = 0;
    if (index >= control->count || !decimal_parse(control->fields[index], 0, UINT64_MAX, &number))
        refuse_frame(stage, (struct bytes){control->frame.data, control->frame.size - 1}, "lacks a number");
    return number;
}

/* Compares the count that a control frame gives with how many records have come. */
static void check_count(struct stage *stage, const struct control *control, size_t index)
{
    uint64_t said = number_field(stage, control, index);
    if (said == stage->received) {
        stage->received = 0;
        return;
    }
    line_flush(&stage->out);
    message_fail(STATUS_DATA,
                 "%" PRIu64 " records were sent and %" PRIu64 " have come: something between the stages drops or adds "
                                                              "lines",
                 said, stage->received);
}

static void read_hello(struct stage *stage, const struct stage_options *options)
{
    struct control hello;
    size_t count;
    const struct stage_program *program = stage->program;
    enum frame_kind kind = next_frame(stage, &count, &hello, true);
    if (kind == FRAME_MORE)
        message_fail(STATUS_IO, "the stage before died, or is none (there is nothing on standard input): begin the "
                                "flow with fl-input");
    if (kind == FRAME_RECORDS || !is(hello.name, "fl") || hello.count == 0)
        refuse_frame(stage,
                     kind == FRAME_RECORDS
                         ? (struct bytes){stage->records[0].frame.data, stage->records[0].frame.size - 1}
                         : (struct bytes){hello.frame.data, hello.frame.size - 1},
                     "is no !fl, with which every stream begins: begin the flow with fl-input");
    if (!is(hello.fields[0], "1"))
        message_fail(STATUS_DATA, "the stage before speaks fl/%.*s, and this one fl/1: use programs of one version",
                     (int)hello.fields[0].size, hello.fields[0].data);
    stage->recovers = recovery_is_announced(&hello, options->directory);
    if (stage->recovers && (options->interval != NULL || options->backup != NULL))
        option_refuse("%s is for the first stage with recovery, which is before this one",
                      options->interval != NULL ? "-s" : "-b");
    if (stage->recovers && (program->signature != NULL || program->sink || options->reject != NULL))
        stage->recovery = recovery_join(&hello);
    const char *directory = chosen_directory(options);
    if (!stage->recovers && directory != NULL) {
        begin_root(stage, options, directory);
        stage->replay =
            replay_open(recovery_add_step(stage->recovery, "replay", NULL, "replay", RECOVERY_REFUSE));
    }
    add_own_step(stage, options);
    if (!program->sink) {
        frame_write_control(&stage->out, "fl");
        for (size_t i = 0; i < hello.count; i++)
            frame_write_field(&stage->out, hello.fields[i]);
        if (stage->recovery != NULL)
            recovery_write_hello(stage->recovery, &stage->out);
        frame_write_end(&stage->out);
    }
    if (program->begin != NULL)
        program->begin(stage->context, stage);
}

/* Records were left out: those that follow are the ones after so many of the source. */
static void renumber(struct stage *stage, uint64_t before)
{
    if (!stage->program->sink && stage->source.size > 0)
        stage_name_source(stage, buffer_bytes(&stage->source), before);
}

static void take_records(struct stage *stage, size_t count)
{
    if (stage->finished)
        refuse_frame(stage, (struct bytes){stage->records[0].frame.data, stage->records[0].frame.size - 1},
                     "follows the final epoch, with which the input ends");
    size_t dropped = stage->replay != NULL ? replay_take(stage->replay, stage->records, count) : 0;
    if (dropped > 0 && !replay_goes_on(stage->replay))
        renumber(stage, stage->before + dropped);
    if (dropped < count) {
        wake_program(stage);
        stage->program->records(stage->context, stage, stage->records + dropped, count - dropped);
        if (stage->root)
            note_records(stage);
    }
    stage->received += count;
    stage->before += count;
}

static void take_control(struct stage *stage, const struct control *control)
{
    const bool sink = stage->program->sink;
    if (is(control->name, "epoch")) {
        uint64_t epoch = number_field(stage, control, 0);
        check_count(stage, control, 1);
        if (stage->recovery != NULL && epoch != stage->epoch + 1)
            message_fail(STATUS_DATA, "epoch %" PRIu64 " follows epoch %" PRIu64, epoch, stage->epoch);
        close_epoch(stage, epoch, control->count > 2 && is(control->fields[2], "final"));
        return;
    }
    if (is(control->name, "saved") && sink && stage->recovery != NULL) {
        if (!stage->waits || number_field(stage, control, 0) != stage->epoch || stage->awaited == 0)
            refuse_frame(stage, (struct bytes){control->frame.data, control->frame.size - 1},
                         "is not of the epoch at hand");
        stage->awaited--;
        commit(stage);
        return;
    }
    if (is(control->name, "fl"))
        refuse_frame(stage, (struct bytes){control->frame.data, control->frame.size - 1},
                     "begins a second stream in this one");
    if (is(control->name, "source")) {
        stage->source.size = 0;
        if (control->count > 0)
            buffer_add(&stage->source, control->fields[0]);
        stage->before = control->count > 1 ? number_field(stage, control, 1) : 0;
    }
    if (!sink) {
        line_add(&stage->out, control->frame);
        /* Someone waits for it. */
        if (is(control->name, "saved"))
            line_flush(&stage->out);
    }
}

/* The stream is whole, up to here. */
static int end(struct stage *stage)
{
    if (stage->replay != NULL)
        replay_end(stage->replay);
    if (stage->root && stage->unended) {
        await_commit(stage);
        close_epoch(stage, stage->epoch + 1, true);
    }
    finish(stage);
    finish_save(stage);
    if (stage->waits)
        message_fail(STATUS_DATA, "the stream ends before all steps have saved epoch %" PRIu64, stage->epoch);
    if (!stage->program->sink) {
        CRASH_POINT("end: before");
        frame_write_control(&stage->out, "end");
        frame_write_number(&stage->out, stage->sent);
        frame_write_end(&stage->out);
    }
    line_flush(&stage->out);
    /* The next stage need not wait until the partitions are closed. */
    if (close(stage->out.fd) == -1)
        message_fail(STATUS_IO, "%s: cannot be closed: %s", stage->out.name, strerror(errno));
    CRASH_POINT("end: after");
    if (stage->reject != NULL) {
        reject_close(stage->reject);
        free(stage->reject);
    }
    if (stage->recovery != NULL)
        recovery_close(stage->recovery);
    else if (stage->state != NULL)
        state_close(stage->state);
    replay_close(stage->replay);
    buffer_free(&stage->source);
    free(stage->out.data);
    return STATUS_OK;
}

int stage_run(const struct stage_program *program, void *context, const struct stage_options *options)
{
    struct stage stage;
    struct control control;
    size_t count;
    check_options(options);
    begin(&stage, program, context);
    frame_reader_open(&stage.in, STDIN_FILENO);
    descriptor_widen_pipe(STDIN_FILENO);
    read_hello(&stage, options);
    for (;;) {
        if (next_frame(&stage, &count, &control, false) == FRAME_RECORDS)
            take_records(&stage, count);
        else if (is(control.name, "end"))
            break;
        else
            take_control(&stage, &control);
    }
    check_count(&stage, &control, 0);
    if (next_frame(&stage, &count, &control, true) != FRAME_MORE) {
        line_flush(&stage.out);
        message_fail(STATUS_DATA, "frames follow !end, which is the end of a stream");
    }
    frame_reader_close(&stage.in);
    return end(&stage);
}

/* Writes the record to the file of the rejected ones. */
static void reject_record(struct stage *stage, const struct record *record, uint64_t number, const char *why)
{
    struct reject *reject = stage->reject;
    char text[POSITION_TEXT];
    if (reject->file.fresh) {
        struct bytes base = output_base(&reject->file, text);
        finish_save(stage);
        recovery_save_base(stage->recovery, stage->reject_step, bytes_of(reject->file.path), base);
    }
    reject_write(reject, stage->program->name, buffer_bytes(&stage->source), number, record, why);
}

static uint64_t number_of(const struct stage *stage, const struct record *record)
{
    return stage->before + (uint64_t)(record - stage->records) + 1;
}

_Noreturn static void fail_at(struct stage *stage, const struct record *record, enum status status, const char *why)
{
    struct buffer text = {0};
    if (stage->source.size > 0)
        buffer_print(&text, "%.*s: ", (int)stage->source.size, stage->source.data);
    buffer_print(&text, "record %" PRIu64 ": ", number_of(stage, record));
    quote_add(&text, record->value);
    buffer_print(&text, " %s", why);
    if (record->keyed) {
        buffer_print(&text, " (key ");
        quote_add(&text, record->key);
        buffer_print(&text, ")");
    }
    buffer_add_byte(&text, '\0');
    line_flush(&stage->out);
    message_fail(status, "%s", text.data);
}

void stage_refuse(struct stage *stage, const struct record *record, const char *format, ...)
{
    char why[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    if (stage->reject == NULL)
        fail_at(stage, record, STATUS_DATA, why);
    const uint64_t number = number_of(stage, record);
    reject_record(stage, record, number, why);
    renumber(stage, number);
}

void stage_fail(struct stage *stage, const struct record *record, enum status status, const char *format, ...)
{
    char why[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    fail_at(stage, record, status, why);
}

/* --- sources ------------------------------------------------------------------------------------------------------ */

void stage_name_source(struct stage *stage, struct bytes name, uint64_t before)
{
    frame_write_control(&stage->out, "source");
    frame_write_field(&stage->out, name);
    if (before > 0)
        frame_write_number(&stage->out, before);
    frame_write_end(&stage->out);
}

void stage_sent(struct stage *stage)
{
    if (stage->root)
        note_records(stage);
}

int stage_end(struct stage *stage)
{
    return end(stage);
}

void stage_save_base(struct stage *stage, struct bytes key, struct bytes state)
{
    finish_save(stage); /* which uses the same connection */
    recovery_save_base(stage->recovery, stage->step, key, state);
}

void stage_sync(struct stage *stage, int fd, const char *name)
{
    recovery_sync(stage->recovery, fd, name);
    stage->out.synced |= fd == stage->out.fd;
}

void stage_hold(struct stage *stage)
{
    stage->out.held = true;
}
