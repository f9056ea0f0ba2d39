/* stage: a program of a flow, and the loop that it runs.
 *
 * A program says in one table, struct stage_program, what it is: its name, its options, what it keeps, and the
 * functions that do with a record what is particular to it. All else is the loop's: the command line and --help, the
 * hello, counting, epochs, saving and acknowledging, replay, bad records, signals, and the end. Every failure ends the
 * program with a message and without `!end`, so that the stages downstream know.
 *
 *     static const struct stage_program program = {.name = "twice",
 *                                                  .forms = {{"", .refuses = true}},
 *                                                  .calls = {.records = on_records}};
 *
 *     int main(int argc, char **argv)
 *     {
 *         (void)argc;
 *         return stage_main(&program, NULL, argv);
 *     }
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/message.h"
#include "base/option.h"
#include "recovery/role.h"
#include "state/state.h"
#include "wire/frame.h"
#include "wire/line.h"

struct output;

/* The part of a stage that programs use. Only out and sent are written by them. */
struct stage {
    struct line_writer out; /* standard output */
    uint64_t sent;          /* records written to out since the last `!epoch`; a program that writes to out counts */
    struct state *state;    /* the states that the program keeps, saved with each epoch; NULL if it keeps none */
    struct buffer source;   /* the name of the source of the records at hand; empty: it has none */
    bool recovers;          /* the flow takes part in recovery, from this stage on or from one upstream */
    bool root;              /* this stage is where recovery begins */
    bool eager;             /* of a root: it closes an epoch after every record (-s 0) */
    bool final;             /* the epoch that is being closed is the final one */
    bool rejects;           /* --reject is given */
};

/* What a program does when something happens. All functions may be NULL, but records for a stage that is not a source.
 * context is the program's own. */
struct stage_calls {
    /* Before the first record: everything about recovery is known, and state can be read. */
    void (*begin)(void *context, struct stage *stage);

    /* Records have come, at least one, in order. They are valid during the call. */
    void (*records)(void *context, struct stage *stage, const struct record *records, size_t count);

    /* A control frame has come, and is acted upon after the call: its line with the LF, valid during the call. */
    void (*control)(void *context, struct stage *stage, struct bytes frame);

    /* The time has come that stage_wake was given. Records may be sent. */
    void (*wake)(void *context, struct stage *stage);

    /* For a source: the estimated nanoseconds until its input ends; INT64_MAX if that cannot be told. */
    int64_t (*rest)(void *context);

    /* The epoch ends, or, without recovery, the input. Records may be sent, and belong to the epoch. */
    void (*complete)(void *context, struct stage *stage);

    /* The input has ended. Records may be sent: with recovery they belong to the final epoch if stage->final is true;
     * otherwise no record has come since the last final epoch, and nothing is saved any more. */
    void (*finish)(void *context, struct stage *stage);

    /* The epoch ends, after complete and finish: the last chance to put into stage->state what is saved with it. Called
     * with recovery only. */
    void (*freeze)(void *context, struct stage *stage);
};

/* A form of the command line: a line of the synopsis, without the program's name and the common options. */
struct stage_form {
    const char *text;
    bool refuses; /* records can be bad ones: there is --reject */
};

/* Options, and where their variables are in the program's context: at the offset of the struct that the options are
 * for. */
struct stage_options_of {
    const struct option_entry *entries;
    size_t offset;
};

enum { STAGE_FORMS = 8, STAGE_TABLES = 6 };

/* A program. */
struct stage_program {
    const char *name; /* "statemap": the id of its step if -i gives none, and what its command's name has after fl- */
    enum role role;   /* ROLE_OPERATOR, ROLE_SOURCE or ROLE_SINK */

    /* The command line. */
    struct stage_form forms[STAGE_FORMS]; /* at least one, up to the first whose text is NULL */
    const char *about;                    /* lines of --help about the operands; NULL: none */
    struct stage_options_of options[STAGE_TABLES];
    size_t least, most; /* operands */

    /* The state: a program that keeps one has -i, and a signature that says what the saved state means, here or by
     * stage_sign. accepts: --accept takes over a state with another signature. */
    bool keeps_state;
    bool accepts;
    const char *signature;

    /* The options are read, and the common ones checked: checks the program's own, and opens what they name. May call
     * stage_sign, stage_use and stage_add_output. NULL: nothing to do. */
    void (*open)(void *context, struct stage *stage, char **operands);

    struct stage_calls calls;

    /* For a source: reads its input to the end, or until stage_wait returns false. */
    void (*read)(void *context, struct stage *stage);

    /* The stage has ended well: frees what open made. May be NULL. */
    void (*close)(void *context);
};

/* Runs a program: the whole of its main. context is handed to the program's functions, and the options are stored in
 * it. Returns the exit status. A program whose table contradicts itself is refused with status 70. */
int stage_main(const struct stage_program *program, void *context, char **argv);

/* For open: sets the signature of the saved state, which is copied. */
void stage_sign(struct stage *stage, const char *signature);

/* For open: hands the stage to other calls with a context of their own, instead of those in the program's table. Both
 * must live as long as the stage. */
void stage_use(struct stage *stage, const struct stage_calls *calls, void *context);

/* For open: adds a file in which each thing that is written to it stands exactly once (output.h). With side, the
 * position in it is saved as a step of the role side with that name; otherwise in the program's own state, under the
 * file's path. The file is opened before begin is called. Both strings must live as long as the stage. */
struct output *stage_add_output(struct stage *stage, const char *name, const char *side);

/* The writer of such a file, for so many records that are written to it next. Valid until the epoch ends. */
struct line_writer *stage_write_output(struct stage *stage, struct output *output, size_t records);

/* Sends a record. */
static inline void stage_send(struct stage *stage, const struct record *record)
{
    frame_write(&stage->out, record);
    stage->sent++;
}

/* Sends a record that the program was handed, with another value; plain: the value is known to hold no LF. */
static inline void stage_send_value(struct stage *stage, const struct record *record, struct bytes value, bool plain)
{
    frame_write_value(&stage->out, record, value, plain);
    stage->sent++;
}

/* Sends records on as they came: some that follow each other in a call of records, or none. */
static inline void stage_pass(struct stage *stage, const struct record *records, size_t count)
{
    if (count == 0)
        return;
    line_add(&stage->out, (struct bytes){records[0].frame.data, frame_sizes(records, count)});
    stage->sent += count;
}

/* Sends plain records that follow each other in a call of records with that prefix (frame_add_prefix) instead of their
 * own, and so with another key or without one. */
static inline void stage_pass_prefixed(struct stage *stage, struct bytes prefix, const struct record *records,
                                       size_t count)
{
    frame_write_prefixed(&stage->out, prefix, records, count);
    stage->sent += count;
}

/* Has wake called once that time (clock.h) has come and the program is not in another call; INT64_MAX: never. What wake
 * sends belongs to the epoch at hand, which ends when it would end because of records. */
void stage_wake(struct stage *stage, int64_t time);

/* The name of the source of the records at hand, valid until the next ones; data NULL if it has none. */
static inline struct bytes stage_source(const struct stage *stage)
{
    return buffer_bytes(&stage->source);
}

/* Refuses a record, which must be one of those that the program was handed. With --reject the record goes to that file,
 * and the program goes on with the next one; otherwise the program ends (65). The format, as of printf, is the end of a
 * message: `is not a number` becomes `fl-statemap: nums.txt: record 17: "abc" is not a number (key "ALL")`. Lines
 * behind its first one show the place of the fault; the file of --reject has the first line. */
__attribute__((format(printf, 3, 4))) void stage_refuse(struct stage *stage, const struct record *record,
                                                        const char *format, ...);

/* Appends `"about" why`, and the key if there is one, as messages about records have them: the key stands at the end of
 * the first line of why. key.data NULL: there is none. */
void stage_add_reason(struct buffer *message, struct bytes about, const char *why, struct bytes key);

/* What is said of a record at the end, though it is not a bad one. */
enum stage_omission {
    STAGE_DROPPED, /* it was left out by drop() */
    STAGE_NO_ROW,  /* it was left out, as a query gave no row */
    STAGE_NULL,    /* the condition was neither true nor false */
    STAGE_OMISSIONS
};

/* Counts such a record. The program says at the end of the run how many there were. */
void stage_omit(struct stage *stage, enum stage_omission why);

/* Ends the program with the status and a message as that of stage_refuse, whether there is --reject or not: the fault
 * is not the record's. */
__attribute__((format(printf, 4, 5))) _Noreturn void stage_fail(struct stage *stage, const struct record *record,
                                                                enum status status, const char *format, ...);

/* Waits until fd can be read, and meanwhile does what falls due. Returns false if the flow was told to stop. A source
 * calls it before each read. */
bool stage_wait(struct stage *stage, int fd);

/* For a source: the records that follow come from the source of that name, which had so many in earlier executions. */
void stage_name_source(struct stage *stage, struct bytes name, uint64_t before);

/* For a source: records were sent. If an epoch has fallen due, it is closed. An eager source calls it after each
 * record. */
void stage_sent(struct stage *stage);

/* For a sink's begin: prints the lines of an epoch to standard output only when the epoch is saved everywhere. */
void stage_hold(struct stage *stage);

#endif
