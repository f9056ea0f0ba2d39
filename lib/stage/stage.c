#include "stage/stage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/crash.h"
#include "base/descriptor.h"
#include "stage/stage_part.h"

/* --- the table of a program --------------------------------------------------------------------------------------- */

static void check_program(const struct stage_program *program)
{
    const bool source = program->role == ROLE_SOURCE;
    if (program->name == NULL || program->forms[0].text == NULL)
        message_fail(STATUS_INTERNAL, "the program has no name, or no form of its command line");
    if (program->role != ROLE_OPERATOR && program->role != ROLE_SOURCE && program->role != ROLE_SINK)
        message_fail(STATUS_INTERNAL, "the program has the role %s, which is not a program's",
                     role_name(program->role));
    if (source != (program->read != NULL) || (!source && program->calls.records == NULL))
        message_fail(STATUS_INTERNAL, "the program has no way to take records: a source reads, any other has records");
    if (program->signature != NULL && !program->keeps_state)
        message_fail(STATUS_INTERNAL, "the program has a signature, and does not say that it keeps a state");
    if (program->accepts && !program->keeps_state)
        message_fail(STATUS_INTERNAL, "the program accepts other states, and does not say that it keeps one");
}

static void check_signature(const struct loop *loop)
{
    if ((loop->signature.size > 0) != loop->program->keeps_state)
        message_fail(STATUS_INTERNAL, loop->signature.size > 0
                                          ? "the program has a signature, and does not say that it keeps a state"
                                          : "the program keeps a state, and has no signature that says what it means");
}

void stage_sign(struct stage *stage, const char *signature)
{
    struct buffer *own = &loop_of(stage)->signature;
    own->size = 0;
    buffer_add(own, bytes_of(signature));
}

void stage_use(struct stage *stage, const struct stage_calls *calls, void *context)
{
    struct loop *loop = loop_of(stage);
    loop->calls = calls;
    loop->context = context;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static struct stage_file *add_file(struct loop *loop, const char *name, const char *side)
{
    struct stage_file *file = bytes_allocate(sizeof *file);
    *file = (struct stage_file){.name = name, .side = side};
    loop->files = array_grow(loop->files, loop->files_count, &loop->files_room, sizeof(struct stage_file *));
    loop->files[loop->files_count++] = file;
    return file;
}

struct output *stage_add_output(struct stage *stage, const char *name, const char *side)
{
    return &add_file(loop_of(stage), name, side)->output;
}

static struct stage_file *file_of(const struct loop *loop, const struct output *output)
{
    size_t i = 0;
    while (&loop->files[i]->output != output)
        i++;
    return loop->files[i];
}

struct line_writer *stage_write_output(struct stage *stage, struct output *output, size_t records)
{
    struct loop *loop = loop_of(stage);
    if (output->fresh) {
        char text[POSITION_TEXT];
        const struct bytes base = output_base(output, text);
        epoch_finish_save(loop); /* which uses the same connection */
        recovery_save_base(loop->recovery, file_of(loop, output)->step, bytes_of(output->path), base);
    }
    output->position.records += records;
    return &output->out;
}

static void freeze_file(void *file)
{
    output_freeze(&((struct stage_file *)file)->output);
}

static void close_file(void *file)
{
    output_close(&((struct stage_file *)file)->output);
    free(file);
}

static void open_file(struct loop *loop, struct stage_file *file, struct state *state)
{
    output_open(&file->output, file->name, state);
    if (file->output.path != NULL)
        recovery_sync(loop->recovery, file->output.out.fd, file->name);
    loop_add_saver(loop, (struct saver){freeze_file, close_file, file});
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

void steps_begin_root(struct loop *loop, const char *directory)
{
    struct stage *stage = &loop->stage;
    loop->interval = options_snapshot_interval(loop);
    loop->recovery = recovery_begin(directory, options_backup_interval(loop));
    stage->root = stage->recovers = true;
    stage->eager = loop->interval == 0;
    loop->unended = recovery_unfinished(loop->recovery);
}

static struct state *add_step(struct loop *loop, enum role role, const char *name)
{
    return recovery_add_step(loop->recovery, role, name, NULL, name, RECOVERY_REFUSE);
}

static void freeze_replay(void *replay)
{
    replay_freeze(replay);
}

static void close_replay(void *replay)
{
    replay_close(replay);
}

static void freeze_program(void *context)
{
    struct loop *loop = context;
    loop->calls->freeze(loop->context, &loop->stage);
}

/* The step in which the program keeps its state. */
static void add_own_step(struct loop *loop)
{
    const struct stage_program *program = loop->program;
    if (!program->keeps_state)
        return;
    if (loop->recovery == NULL) {
        loop->stage.state = state_open(NULL);
        return;
    }
    loop->step = recovery_steps(loop->recovery);
    loop->stage.state = recovery_add_step(loop->recovery, program->role, program->name, loop->options.step,
                                          buffer_string(&loop->signature),
                                          loop->options.accept ? RECOVERY_ACCEPT
                                          : program->accepts   ? RECOVERY_HINT
                                                               : RECOVERY_REFUSE);
    if (loop->calls->freeze != NULL)
        loop_add_saver(loop, (struct saver){freeze_program, NULL, loop});
}

void steps_add(struct loop *loop)
{
    if (loop->stage.root && !is_source(loop)) {
        loop->replay = replay_open(add_step(loop, ROLE_REPLAY, "replay"));
        loop_add_saver(loop, (struct saver){freeze_replay, close_replay, loop->replay});
    }
    add_own_step(loop);
    for (size_t i = 0; i < loop->files_count; i++) {
        struct stage_file *file = loop->files[i];
        file->step = loop->step;
        if (file->side == NULL)
            continue;
        struct state *state = NULL;
        if (loop->recovery != NULL) {
            file->step = recovery_steps(loop->recovery);
            state = add_step(loop, ROLE_SIDE, file->side);
        }
        open_file(loop, file, state);
    }
    if (loop->recovery != NULL)
        loop->epoch = recovery_resume_epoch(loop->recovery);
    if (loop->recovery != NULL && is_sink(loop))
        recovery_check_steps(loop->recovery);
    for (size_t i = 0; i < loop->files_count; i++)
        if (loop->files[i]->side == NULL)
            open_file(loop, loop->files[i], loop->recovery != NULL ? loop->stage.state : NULL);
    if (loop->calls->begin != NULL)
        loop->calls->begin(loop->context, &loop->stage);
}

/* --- the life of a program ---------------------------------------------------------------------------------------- */

static void begin_source(struct loop *loop)
{
    struct line_writer *out = &loop->stage.out;
    const char *directory = options_directory(loop);
    if (directory != NULL)
        steps_begin_root(loop, directory);
    steps_add(loop);
    frame_write_control(out, "fl");
    frame_write_field(out, bytes_of("1"));
    if (loop->recovery != NULL)
        recovery_write_hello(loop->recovery, out);
    frame_write_end(out);
}

static void read_stream(struct loop *loop)
{
    frame_reader_open(&loop->in, STDIN_FILENO);
    descriptor_widen_pipe(STDIN_FILENO);
    control_read_hello(loop);
    loop_read(loop);
    frame_reader_close(&loop->in);
}

static void write_end(struct loop *loop)
{
    struct line_writer *out = &loop->stage.out;
    if (!is_sink(loop)) {
        CRASH_POINT("end: before");
        frame_write_control(out, "end");
        frame_write_number(out, loop->stage.sent);
        frame_write_end(out);
    }
    loop_flush(loop);
    /* The stage downstream need not wait until the partitions are closed. */
    if (close(out->fd) == -1)
        message_fail(STATUS_IO, "%s: cannot be closed: %s", out->name, strerror(errno));
    CRASH_POINT("end: after");
}

static void close_all(struct loop *loop)
{
    for (size_t i = 0; i < loop->savers_count; i++)
        if (loop->savers[i].close != NULL)
            loop->savers[i].close(loop->savers[i].what);
    refuse_say_counts(loop);
    if (loop->recovery != NULL)
        recovery_close(loop->recovery);
    else if (loop->stage.state != NULL)
        state_close(loop->stage.state);
    free(loop->savers);
    free(loop->files);
    buffer_free(&loop->signature);
    buffer_free(&loop->stage.source);
    free(loop->stage.out.data);
    if (loop->program->close != NULL)
        loop->program->close(loop->program_context);
}

int stage_main(const struct stage_program *program, void *context, char **argv)
{
    struct loop loop = {.program = program,
                        .calls = &program->calls,
                        .context = context,
                        .program_context = context,
                        .wake = INT64_MAX};
    message_start(argv[0]);
    if (!is_sink(&loop))
        signals_tell_failures();
    check_program(program);
    char **operands = options_read(&loop, argv);
    options_check(&loop);
    loop.stage.rejects = loop.options.reject != NULL;
    if (program->signature != NULL)
        stage_sign(&loop.stage, program->signature);
    if (program->open != NULL)
        program->open(context, &loop.stage, operands);
    check_signature(&loop);
    if (loop.stage.rejects)
        loop.reject = add_file(&loop, loop.options.reject, "reject");

    line_writer_open(&loop.stage.out, STDOUT_FILENO, "standard output");
    if (!is_sink(&loop))
        descriptor_widen_pipe(STDOUT_FILENO);
    signals_catch();
    if (is_source(&loop)) {
        begin_source(&loop);
        program->read(context, &loop.stage);
    } else {
        read_stream(&loop);
    }
    epoch_end(&loop);
    write_end(&loop);
    close_all(&loop);
    return STATUS_OK;
}

/* --- for sources and sinks ---------------------------------------------------------------------------------------- */

void stage_name_source(struct stage *stage, struct bytes name, uint64_t before)
{
    control_write_source(loop_of(stage), name, before);
}

void stage_sent(struct stage *stage)
{
    if (stage->root)
        epoch_note_records(loop_of(stage));
}

void stage_hold(struct stage *stage)
{
    stage->out.held = true;
}
