/* mapper: a stage whose work is done by a program of the user's, given with -x.
 *
 * In step, it is asked a line for each record, and answers each with a line; it goes on for as long as the stage does,
 * and several records are asked for before the first of them is answered. With --per-epoch it is started anew for each
 * epoch and gets its records as lines, and what it gives are lines of the whole epoch; so it may be any filter. */
#ifndef EXEC_H
#define EXEC_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/option.h"
#include "stage/stage.h"

/* The options of such a stage, as they were given. */
struct exec_options {
    char **command; /* NULL: there is no -x */
    const char *timeout;
    bool per_epoch;
};

/* Their entries in a table of options, and their lines in a usage text; the second for stages that may be asked per
 * epoch. */
/* clang-format off */
#define EXEC_OPTIONS(options)                                                                                        \
    {.letter = 'x', .name = "exec", .command = &(options).command}, {.name = "timeout", .argument = &(options).timeout}
#define EXEC_EPOCH_OPTION(options) {.name = "per-epoch", .given = &(options).per_epoch}
/* clang-format on */
#define EXEC_USAGE                                                                                                   \
    "  -x, --exec CMD [ARG...]        ask the program CMD, which answers each line with a line\n"                      \
    "      --timeout SPAN             with -x: how long CMD may say nothing (60s; 0 is for ever)\n"
#define EXEC_EPOCH_USAGE                                                                                             \
    "      --per-epoch                with -x: run CMD once an epoch, as a filter of all its lines\n"

struct exec {
    /* As in struct stage_program. */
    const char *name;
    const char *signature;
    bool accepts;
    void (*begin)(void *context, struct stage *stage);

    /* Appends to line what the program is asked for a record, without a LF. The records before it that are not answered
     * yet, as many as outstanding, stand right before it in the same array. Returns NULL; exec_later where one of
     * these must be answered first; or why the record is a bad one, as stage_refuse takes it. Can be called again for
     * the same record. */
    const char *(*request)(void *context, struct stage *stage, const struct record *record, size_t outstanding,
                           struct buffer *line);

    /* Takes the answer for a record, in the order of the records; per epoch, where record is NULL, any line. Returns
     * NULL, or what is wrong with the answer, as the end of a message that quotes it (`is neither true nor false`). */
    const char *(*answer)(void *context, struct stage *stage, const struct record *record, struct bytes line);

    /* Per epoch: it has given all its lines. May be NULL. */
    void (*complete)(void *context, struct stage *stage);
};

extern const char exec_later[];

/* A request that is the value of the record. */
const char *exec_request_value(void *context, struct stage *stage, const struct record *record, size_t outstanding,
                                 struct buffer *line);

/* Whether there is -x; refuses what goes with it where there is not. */
bool exec_is_given(const struct exec_options *options);

/* Runs the stage to its end, as stage_run does. */
int exec_run(const struct exec *exec, void *context, const struct exec_options *options,
               const struct stage_options *stage_options);

#endif
