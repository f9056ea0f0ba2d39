/* coprocess: a program of the user's that runs beside this one, takes lines from it and gives lines back.
 *
 * It is started without a shell, in a process group of its own, so that what a terminal sends to the flow does not end
 * it before its input ends; of what this program has open it gets standard error alone. Lines are written and read
 * as they can be, both at once and never waiting for one of the two only: so it may answer line by line or read ahead
 * in blocks, and lines may have any size. Where this program ends, however it does, the co-process reads the end of
 * its input. */
#ifndef COPROCESS_H
#define COPROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "wire/line.h"

struct coprocess {
    char **command;
    struct buffer name; /* the command as messages show it, in quotes; a C string */
    int64_t timeout;    /* how long it may say nothing, in nanoseconds; 0: for ever */

    /* Called before it is waited for longer than a moment; NULL: nothing is to be done then. */
    void (*before_wait)(void *context);
    void *context;

    pid_t process;             /* 0: it does not run */
    int input;                 /* its standard input; -1: closed */
    struct buffer given;       /* lines for it */
    size_t written;            /* bytes of them that are written */
    bool given_end;            /* no line follows those */
    struct line_reader output; /* its standard output; the descriptor is -1 after its end */
    size_t searched;           /* bytes that were read, not taken yet, and hold no LF */
    bool silent;               /* it was killed since it has said nothing for so long */
    struct buffer why;
};

/* Sets it up, and starts nothing yet. The command is words that end with NULL, of which the first is looked for in
 * PATH; it must live as long as the co-process. */
void coprocess_open(struct coprocess *coprocess, char **command, int64_t timeout);

/* Frees what it takes, and closes its pipes where it runs. */
void coprocess_close(struct coprocess *coprocess);

/* Whether it was started, and did not end yet. */
static inline bool coprocess_runs(const struct coprocess *coprocess)
{
    return coprocess->process != 0;
}

/* Starts it. Returns NULL, or why it does not run, as a message says it (`"jqq" cannot be started: No such file or
 * directory`), valid until the next call. */
const char *coprocess_start(struct coprocess *coprocess);

/* Gives it a line, to which a LF is added, or the end of its input. What it has no room for is kept, and written by
 * coprocess_wait. A co-process that wants no more input is given nothing more, which is no error. */
void coprocess_give(struct coprocess *coprocess, struct bytes line);
void coprocess_give_end(struct coprocess *coprocess);

/* How many bytes were given and are not written yet. */
static inline size_t coprocess_unwritten(const struct coprocess *coprocess)
{
    return coprocess->given.size - coprocess->written;
}

/* Takes the next of its lines, without the LF, which the last one may lack. The view is valid until the next call of
 * coprocess_wait. False: none has come. */
bool coprocess_take(struct coprocess *coprocess, struct bytes *line);

/* Whether its output has ended; lines of it may still be there to be taken. */
static inline bool coprocess_has_ended(const struct coprocess *coprocess)
{
    return coprocess->output.fd == -1;
}

/* Looks, without waiting, whether it has said more than was taken, and sets *more to the next line of that, or as much
 * of it as has come; the view is as that of coprocess_take. */
bool coprocess_has_more(struct coprocess *coprocess, struct bytes *more);

/* Writes or reads once what can be, and waits until something can be. Returns NULL, or why it can no longer be used
 * (`"cat" has said nothing for 60s`), as coprocess_start does; it is then killed. Not to be called where there is
 * nothing to write, and nothing to read, since its output has ended. */
const char *coprocess_wait(struct coprocess *coprocess);

/* Waits for the end of a co-process whose output has ended, after writing what is left. Sets *status to its exit
 * status, to 128 and the number of the signal that ended it, or to -1 where it had to be killed. Returns how it ended
 * (`"cat" ended with status 3`), as coprocess_start does. */
const char *coprocess_end(struct coprocess *coprocess, int *status);

#endif
