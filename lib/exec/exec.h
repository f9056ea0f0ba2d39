/* exec: a stage whose work is done by a program of the user, a co-process, given with -x.
 *
 * In step, the co-process is asked a line for each record, and answers each with a line. It runs as long as the stage,
 * and several records are asked for before the first of them is answered. With --per-epoch the co-process is started
 * anew for each epoch, gets its records as lines, and the lines that it gives are those of the whole epoch: so it may
 * be any filter. */
#ifndef EXEC_H
#define EXEC_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/option.h"
#include "exec/coprocess.h"
#include "stage/stage.h"

/* What a program does with requests and answers. context is the program's own. */
struct exec_calls {
    /* As in struct stage_calls. May be NULL. */
    void (*begin)(void *context, struct stage *stage);

    /* Appends to line what the co-process is asked for a record, without a LF. The records before it that are not
     * answered yet, outstanding of them, stand right before it in the same array. Returns NULL; exec_later if one of
     * these must be answered first; or why the record is a bad one, as stage_refuse takes it. May be called again for
     * the same record. */
    const char *(*request)(void *context, struct stage *stage, const struct record *record, size_t outstanding,
                           struct buffer *line);

    /* Takes the answer for a record, in the order of the records; per epoch, where record is NULL, any line. Returns
     * NULL, or what is wrong with the answer, as the end of a message that quotes it (`is neither true nor false`). */
    const char *(*answer)(void *context, struct stage *stage, const struct record *record, struct bytes line);

    /* Per epoch: the co-process has given all its lines. May be NULL. */
    void (*complete)(void *context, struct stage *stage);
};

struct exec {
    /* The options, as they were given. */
    char **command; /* NULL: there is no -x */
    struct option_span timeout;
    bool per_epoch;

    /* The room's own, after exec_use. */
    const struct exec_calls *calls;
    void *context;
    struct coprocess process;
    struct buffer line;
    bool asked; /* in step: for a record of this execution */
    bool given; /* per epoch: the co-process has given a line in this epoch */
};

/* The options of such a stage, for a struct exec; the second list is for stages that may ask per epoch. */
extern const struct option_entry exec_options[], exec_epoch_options[];

extern const char exec_later[];

/* A request that is the value of the record. */
const char *exec_request_value(void *context, struct stage *stage, const struct record *record, size_t outstanding,
                               struct buffer *line);

/* Returns whether there is -x. Refuses options that go with it if there is not (64). */
bool exec_is_given(const struct exec *exec);

/* For open: hands the stage to the co-process. exec and calls must live as long as the stage. */
void exec_use(struct exec *exec, struct stage *stage, const struct exec_calls *calls, void *context);

/* Frees what exec_use made; does nothing if it was not called. */
void exec_close(struct exec *exec);

#endif
