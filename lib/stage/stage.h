/* stage: the loop that every program of a flow runs.
 *
 * It says hello, counts, closes and passes on epochs, saves, acknowledges, replays, ends, and minds the signals. A
 * program hands it a few functions and does with a record what is its own. Whatever fails ends the program with a
 * message, and without `!end`, so that the stages after it know. */
#ifndef STAGE_H
#define STAGE_H

#include <stdint.h>

#include "base/bytes.h"
#include "wire/frame.h"
#include "wire/line.h"
#include "base/message.h"
#include "base/option.h"
#include "state/state.h"

struct recovery;
struct reject;
struct stage_program;
struct replay;

/* The options of every stage, as they were given. */
struct stage_options {
    const char *directory;
    const char *interval;
    const char *backup;
    const char *step;
    const char *reject;
    bool accept;
};

/* Their entries in a table of options, for a struct stage_options; the second is for stages that may refuse a record,
 * the third for those that keep a state, the fourth for those of them that say so with accepts. */
/* clang-format off */
#define STAGE_OPTIONS(options)                                                                                         \
    {.letter = 'r', .name = "recovery-directory", .argument = &(options).directory},                                   \
    {.letter = 's', .name = "snapshot-interval", .argument = &(options).interval},                                     \
    {.letter = 'b', .name = "backup-interval", .argument = &(options).backup}
#define STAGE_REJECT_OPTION(options) {.name = "reject", .argument = &(options).reject}
#define STAGE_STEP_OPTION(options) {.letter = 'i', .name = "step", .argument = &(options).step}
#define STAGE_ACCEPT_OPTION(options) {.name = "accept", .given = &(options).accept}
/* clang-format on */

/* And their lines in a usage text. */
#define STAGE_USAGE                                                                                                    \
    "  -r, --recovery-directory DIR   take part in recovery from here on, with the directory DIR\n"                    \
    "  -s, --snapshot-interval SPAN   with -r: save this often (10s; 0 is after every record)\n"                       \
    "  -b, --backup-interval SPAN     with -r: be able to go back this far (0)\n"                                      \
    "      --help, --version          show this, show the version\n"
#define STAGE_REJECT_USAGE                                                                                             \
    "      --reject FILE              write what cannot be taken to FILE, as lines of JSON, and go on\n"
#define STAGE_ACCEPT_USAGE                                                                                             \
    "      --accept                   take over the state that another operation or expression has saved\n"
#define STAGE_STEP_USAGE "  -i, --step STEP                the step's name in the recovery directory\n"

struct stage {
    /* For the program. */
    struct line_writer out; /* standard output; a sink may give it another descriptor in begin */
    uint64_t sent;          /* records written to out since the last `!epoch`; whoever writes there counts */
    struct state *state;    /* what the stage keeps: what is put here is saved; NULL for one that keeps none */
    bool recovers;          /* the flow takes part in recovery from this stage or one before */
    bool root;              /* and this stage is where it begins */
    bool eager;             /* and it closes an epoch after every record (-s 0) */
    bool final;             /* the epoch at hand is the final one */

    /* The loop's own. */
    const struct stage_program *program;
    void *context;
    struct recovery *recovery; /* NULL: nothing of this stage is saved */
    size_t step;               /* the index of the program's step */
    struct frame_reader in;
    struct record records[64];
    uint64_t received;     /* records since the last `!epoch` */
    uint64_t before;       /* records of the source before those at hand */
    struct buffer source;  /* its name */
    struct replay *replay; /* of a root that is no source */
    size_t reject_step;    /* the index of its step */
    struct reject *reject; /* NULL: a record that cannot be taken ends the program */
    uint64_t epoch;        /* the last one that was closed */
    size_t awaited;        /* of a sink: how many `!saved` of that epoch are still to come */
    bool waits;            /* of a sink: for them */
    size_t held;           /* of a sink that holds: bytes of out that belong to that epoch */
    bool touched;          /* a record has come since then */
    bool unended;          /* of a root: records have come since the last final epoch, in this execution or before */
    bool finished;
    int64_t interval; /* between epochs, in nanoseconds */
    int64_t wake;     /* when the program is to be woken; INT64_MAX: never */
    int64_t begun;    /* when the first record of the epoch at hand came, on the monotonic clock */
    int64_t due;      /* and when it is to be closed */
};

/* What a program is. All functions but records may be NULL. */
struct stage_program {
    const char *name;      /* as a step, where -i gives none: "statemap" */
    const char *signature; /* what its saved state means: "statemap sum"; NULL: it keeps no state */
    bool accepts;          /* it has --accept */
    bool sink;             /* nothing follows it: it writes no frames, and commits */

    /* Before the first record, when all that the stage will know of recovery is known. */
    void (*begin)(void *context, struct stage *stage);

    /* Records, in order; valid during the call. A call has at least one. */
    void (*records)(void *context, struct stage *stage, const struct record *records, size_t count);

    /* A control frame has come, and is now acted upon; the line with its LF, valid during the call. */
    void (*control)(void *context, struct stage *stage, struct bytes frame);

    /* The time has come that stage_wake was told: records may be sent, also where none come. */
    void (*wake)(void *context, struct stage *stage);

    /* Of a source: in how many nanoseconds its input will have ended, as it seems; INT64_MAX: that is not known. */
    int64_t (*rest)(void *context);

    /* The epoch ends, or without recovery the input: records may still be sent that belong to it. */
    void (*complete)(void *context, struct stage *stage);

    /* The epoch ends: the last chance to put into stage->state what is to be saved with it. */
    void (*freeze)(void *context, struct stage *stage);

    /* The input has ended; records may still be sent. With recovery that is in the final epoch (stage->final), which
     * saves what comes of it; or where there is none, as nothing came since the one before. */
    void (*finish)(void *context, struct stage *stage);
};

/* Starts a program that writes frames, in the place of message_start: whatever it fails with is then told to the stages
 * after it, in a frame `!failed`. */
void stage_start(const char *argv0);

/* Runs a stage that reads frames from standard input, to its end. Returns the exit status. */
int stage_run(const struct stage_program *program, void *context, const struct stage_options *options);

/* Sends a record. */
static inline void stage_send(struct stage *stage, const struct record *record)
{
    frame_write(&stage->out, record);
    stage->sent++;
}

/* Sends a record that the program was handed, with another value; plain: it is known to hold no LF. */
static inline void stage_send_value(struct stage *stage, const struct record *record, struct bytes value, bool plain)
{
    frame_write_value(&stage->out, record, value, plain);
    stage->sent++;
}

/* Sends records on as they came: some that follow each other in a call of program->records, or none. */
static inline void stage_pass(struct stage *stage, const struct record *records, size_t count)
{
    if (count == 0)
        return;
    line_add(&stage->out, (struct bytes){records[0].frame.data, frame_sizes(records, count)});
    stage->sent += count;
}

/* Sends plain records on with that prefix (frame_add_prefix), and so with another key or without one: some that follow
 * each other in a call of program->records. */
static inline void stage_pass_prefixed(struct stage *stage, struct bytes prefix, const struct record *records,
                                       size_t count)
{
    frame_write_prefixed(&stage->out, prefix, records, count);
    stage->sent += count;
}

/* Wakes the program, by program->wake, once that time (clock.h) has come, as soon as it is not in another call;
 * INT64_MAX: never. What it then does belongs to the epoch at hand, which ends with the next record's, or with the
 * input. */
static inline void stage_wake(struct stage *stage, int64_t time)
{
    stage->wake = time;
}

/* The name of the source of the records at hand, valid until the next ones; data NULL: it has none. */
static inline struct bytes stage_source(const struct stage *stage)
{
    return buffer_bytes(&stage->source);
}

/* A record cannot be taken; it must be one of those that the program was handed. With --reject it goes to that file,
 * and the program goes on with the next one; otherwise this ends the program (65). The format, as of printf, is what is
 * wrong with it: `is not a number` comes out as `fl-statemap: nums.txt: record 17: "abc" is not a number (key "ALL")`.
 */
__attribute__((format(printf, 3, 4))) void stage_refuse(struct stage *stage, const struct record *record,
                                                        const char *format, ...);

/* Something else than the record is wrong while it is at hand: ends the program with that status and a message as that
 * of stage_refuse, whether there is --reject or not. */
__attribute__((format(printf, 4, 5))) _Noreturn void stage_fail(struct stage *stage, const struct record *record,
                                                                enum status status, const char *format, ...);

/* A source, which reads something else than frames, has a loop of its own: stage_begin_source; then stage_wait before
 * each read, stage_name_source before the first record of each input, records by stage_send or by writing them to out
 * and adding them to sent, and stage_sent after them; then stage_end. */
void stage_begin_source(struct stage *stage, const struct stage_program *program, void *context,
                        const struct stage_options *options);

/* Waits until fd can be read, and meanwhile does what falls due. False: the flow was told to stop. */
bool stage_wait(struct stage *stage, int fd);

/* The records that follow come from the source of that name, which had so many before in earlier executions. */
void stage_name_source(struct stage *stage, struct bytes name, uint64_t before);

/* Records were sent: where an epoch has fallen due, freezes and closes it. An eager stage calls it after each record.
 */
void stage_sent(struct stage *stage);

/* Ends the flow: the final epoch, and `!end`. Returns the exit status. */
int stage_end(struct stage *stage);

/* For a sink's begin: writes nothing out of an epoch before it is saved everywhere. */
void stage_hold(struct stage *stage);

/* For a sink's begin: syncs the descriptor, called name in messages, before each commit. */
void stage_sync(struct stage *stage, int fd, const char *name);

/* For a sink, before it first touches something: saves at once, and for every epoch up to now, how that was. */
void stage_save_base(struct stage *stage, struct bytes key, struct bytes state);

#endif
