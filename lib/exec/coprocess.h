/* coprocess: a program of the user's that runs beside this one, reads lines from it and writes lines back.
 *
 * It is started without a shell, in a process group of its own, so that the signals of a terminal do not end it before
 * its input ends. Of the descriptors of this program it gets standard error alone. Lines are written and read whenever
 * the pipes allow it, and neither ever waits for the other: the co-process may answer line by line or read ahead in
 * blocks, and lines may have any size. However this program ends, the co-process then reads the end of its input.
 *
 * Functions that return a `why` return NULL if all is well, and otherwise a message that begins with the command
 * (`"jqq" cannot be started: No such file or directory`), valid until the next call. */
#ifndef COPROCESS_H
#define COPROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "wire/line.h"

struct coprocess {
    char **command;
    struct buffer name; /* the command as messages show it, in quotes; name.data is a C string */
    int64_t timeout;    /* nanoseconds for which it may write nothing while it is waited for; 0: for ever */

    /* Set by the caller after coprocess_open: called before waiting for longer than a moment. NULL: not called. */
    void (*before_wait)(void *context);
    void *context;

    pid_t process;             /* 0: it does not run */
    int input;                 /* the pipe to its standard input; -1: closed */
    struct buffer given;       /* lines for it */
    size_t written;            /* bytes of given that are written */
    bool given_end;            /* its input ends after given */
    struct line_reader output; /* the pipe from its standard output; output.fd is -1 after its end */
    size_t searched;           /* bytes at the front of output that are known to hold no LF */
    bool silent;               /* it was killed for writing nothing for longer than timeout */
    struct buffer why;
};

/* Sets up a co-process, without starting it. command is a list of words that ends with NULL, and must live as long as
 * the co-process. Its first word is looked up in PATH. coprocess_close frees what the co-process holds. */
void coprocess_open(struct coprocess *coprocess, char **command, int64_t timeout);

/* Closes its pipes, if they are open, and frees what it holds. Neither kills the program nor waits for it. */
void coprocess_close(struct coprocess *coprocess);

/* Returns whether it was started, and coprocess_end has not seen its end yet. */
static inline bool coprocess_runs(const struct coprocess *coprocess)
{
    return coprocess->process != 0;
}

/* Starts the program, for the first time or again after coprocess_end. Returns why it cannot be started. If no pipe can
 * be made, this program ends (71). */
const char *coprocess_start(struct coprocess *coprocess);

/* coprocess_give queues a line, to which it adds a LF; coprocess_give_end queues the end of the input. coprocess_wait
 * writes them. If the co-process has closed its input, further lines are dropped, which is not an error. */
void coprocess_give(struct coprocess *coprocess, struct bytes line);
void coprocess_give_end(struct coprocess *coprocess);

/* Returns the number of bytes that are queued and not written yet. */
static inline size_t coprocess_unwritten(const struct coprocess *coprocess)
{
    return coprocess->given.size - coprocess->written;
}

/* Takes the next line of its output, and sets *line to it without the LF; the last line may lack one. The view is valid
 * until the next call of coprocess_wait or coprocess_has_more. Returns false if no whole line has come. */
bool coprocess_take(struct coprocess *coprocess, struct bytes *line);

/* Returns whether its output has ended. coprocess_take may still have lines of it. */
static inline bool coprocess_has_ended(const struct coprocess *coprocess)
{
    return coprocess->output.fd == -1;
}

/* Returns whether it has written more than was taken, and sets *more to the next line of that, or to as much of it as
 * has come. May read, but does not wait. The view is valid as that of coprocess_take is. */
bool coprocess_has_more(struct coprocess *coprocess, struct bytes *more);

/* Waits until something can be written or read, and does that once. Returns why the co-process can no longer be used
 * (`"cat" has said nothing for 60s`), after killing it. Must not be called if nothing is queued and its output has
 * ended. */
const char *coprocess_wait(struct coprocess *coprocess);

/* Writes what is queued, ends its input, and waits for the end of a co-process whose output has ended. Sets *status to
 * its exit status, or to 128 plus the number of the signal that ended it, or to -1 if it had to be killed here, for not
 * ending within the timeout. Always returns a message, which says how it ended (`"cat" ended with status 3`), with the
 * lifetime of a why. */
const char *coprocess_end(struct coprocess *coprocess, int *status);

#endif
