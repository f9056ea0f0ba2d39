/* stage_part: what the files of the loop share. Only they include it.
 *
 *     stage.c          stage_main: the order of a program's life
 *     stage_options.c  the common options, and --help
 *     stage_signals.c  signals, and telling a failure downstream
 *     stage_loop.c     frames, one after the other; waiting
 *     stage_control.c  what control frames mean
 *     stage_epoch.c    epochs: when they fall due, closing, saving, committing
 *     stage_refuse.c   bad records
 */
#ifndef STAGE_PART_H
#define STAGE_PART_H

#include "files/output.h"
#include "recovery/recovery.h"
#include "recovery/replay.h"
#include "stage/stage.h"

/* The options that all stages have, or some. */
struct common_options {
    const char *directory;
    struct option_span interval;
    struct option_span backup;
    const char *step;
    const char *reject;
    bool accept;
};

/* Something that is saved with each epoch. freeze puts it into its state; close, which may be NULL, frees it when the
 * stage has ended well. */
struct saver {
    void (*freeze)(void *what);
    void (*close)(void *what);
    void *what;
};

/* A file of the stage, and the step whose state has the position in it. */
struct stage_file {
    struct output output;
    const char *name;
    const char *side; /* the step's name; NULL: the program's own step */
    size_t step;
};

struct loop {
    struct stage stage; /* first: a struct stage that a program is handed is one of these */
    const struct stage_program *program;
    const struct stage_calls *calls;
    void *context;         /* of calls */
    void *program_context; /* of the program */
    struct common_options options;
    struct buffer signature; /* a C string; empty: none */

    struct recovery *recovery; /* NULL: nothing of this stage is saved */
    size_t step;               /* the index of the program's step */
    struct saver *savers;
    size_t savers_count, savers_room;
    struct stage_file **files;
    size_t files_count, files_room;
    struct stage_file *reject;         /* NULL: a bad record ends the program */
    uint64_t rejected;                 /* records, in this execution */
    uint64_t omitted[STAGE_OMISSIONS]; /* the same */
    struct replay *replay;             /* of a root that is not a source */

    /* Reading. */
    struct frame_reader in;
    struct record records[64];
    uint64_t received; /* records since the last `!epoch` */
    uint64_t before;   /* records of the source before those at hand */
    bool finished;     /* the input has ended, and finish was called */

    /* Epochs. */
    uint64_t epoch;   /* the last one that was closed */
    bool uncommitted; /* of a sink: that epoch waits for `!saved` frames, and then for its commit */
    size_t held;      /* of a sink that holds: bytes of out that belong to that epoch */
    bool touched;     /* of a root: a record has come since then */
    bool unended;     /* of a root: records have come since the last final epoch, in this execution or before */
    int64_t interval; /* between epochs, in nanoseconds */
    int64_t begun;    /* when the first record of the epoch at hand came (clock.h) */
    int64_t due;      /* when the epoch at hand is to be closed */
    int64_t wake;     /* when the program is to be woken; INT64_MAX: never */
};

static inline struct loop *loop_of(struct stage *stage)
{
    return (struct loop *)stage;
}

static inline bool is_sink(const struct loop *loop)
{
    return loop->program->role == ROLE_SINK;
}

static inline bool is_source(const struct loop *loop)
{
    return loop->program->role == ROLE_SOURCE;
}

/* --- options ------------------------------------------------------------------------------------------------------ */

/* Reads the command line, and returns the operands. */
char **options_read(struct loop *loop, char **argv);

/* Refuses common options that contradict each other or make no sense, and variables of the environment that do. */
void options_check(const struct loop *loop);

/* The recovery directory that -r or the environment names; NULL: none. */
const char *options_directory(const struct loop *loop);

/* The intervals that the options or the environment give, in nanoseconds. */
int64_t options_snapshot_interval(const struct loop *loop);
int64_t options_backup_interval(const struct loop *loop);

/* --- signals ------------------------------------------------------------------------------------------------------ */

/* From now on whatever the program fails with is told downstream, in a frame `!failed`. */
void signals_tell_failures(void);

/* Catches INT, TERM and HUP: the first asks the source to stop; the second kills this process. */
void signals_catch(void);

/* Returns whether the first one has come; and a descriptor that can be read from then on. */
bool signals_came(void);
int signals_fd(void);

/* --- the loop ----------------------------------------------------------------------------------------------------- */

/* Reads frames from standard input until `!end`. */
void loop_read(struct loop *loop);

/* The next frame of standard input: records in loop->records and *count, or a control frame. Returns FRAME_MORE at the
 * end of the input if may_end is true; otherwise that ends the program. */
enum frame_kind loop_next_frame(struct loop *loop, size_t *count, struct control *control, bool may_end);

/* Writes out everything that is buffered. */
void loop_flush(struct loop *loop);

/* Adds something that is saved with each epoch. */
void loop_add_saver(struct loop *loop, struct saver saver);

/* --- control frames ----------------------------------------------------------------------------------------------- */

/* Reads `!fl`, joins the execution that it names, or begins one, and passes it on. */
void control_read_hello(struct loop *loop);

/* Acts upon any other control frame but `!end`, and passes it on. */
void control_take(struct loop *loop, const struct control *control);

/* Compares the count in a field with how many records have come. */
void control_check_count(struct loop *loop, const struct control *control, size_t index);

/* Writes `!source`. */
void control_write_source(struct loop *loop, struct bytes name, uint64_t before);

/* Returns whether a control frame has that name. */
bool control_is(const struct control *control, const char *name);

/* Ends the program (65) with a message that shows the line of a frame. */
_Noreturn void control_refuse(struct loop *loop, struct bytes frame, const char *why);

/* Ends the program because the stage upstream died or failed: what was whole is saved and committed, nothing more. */
_Noreturn void control_end_broken(struct loop *loop, enum status status, const char *why);
_Noreturn void control_end_failed(struct loop *loop, const struct control *control);

/* --- steps -------------------------------------------------------------------------------------------------------- */

/* Makes this stage the root of an execution in the directory. */
void steps_begin_root(struct loop *loop, const char *directory);

/* Adds the steps of this stage, opens its files, and calls the program's begin. */
void steps_add(struct loop *loop);

/* --- epochs ------------------------------------------------------------------------------------------------------- */

/* Notes that records have come or were sent, and closes the epoch if it is due. For a root. */
void epoch_note_records(struct loop *loop);

/* Closes the epoch of that number, in this stage and then downstream. */
void epoch_close(struct loop *loop, uint64_t number, bool final);

/* For a sink: commits the epoch at hand if all steps have saved it. */
void epoch_commit(struct loop *loop);

/* Waits for the save that is going on, if any, and acknowledges it downstream. */
void epoch_finish_save(struct loop *loop);

/* Closes the epoch if its time has come. Returns when the epoch or the program wants to be woken next. */
int64_t epoch_look_at_clock(struct loop *loop);

/* Calls the program's wake if its time has come. Returns whether it was called. */
bool epoch_wake_program(struct loop *loop);

/* The input has ended: the final epoch if this is a root, everything saved and committed. */
void epoch_end(struct loop *loop);

/* --- bad records -------------------------------------------------------------------------------------------------- */

/* Tells downstream that the records that follow are those of the source after so many. */
void refuse_renumber(struct loop *loop, uint64_t before);

/* At the end: says how many records were rejected, or left out. */
void refuse_say_counts(const struct loop *loop);

#endif
